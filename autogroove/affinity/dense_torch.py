"""Dense affinity propagation in torch, for a graphics card.

What belongs here: the same iteration as `autogroove.affinity.dense`, in whole rows of tensors.
What does not: a choice of device; the caller names one.

Responsibilities are stored, row blocks bound the working memory: 8 n² bytes above the
similarities, float32.
"""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from autogroove.affinity.dense import Progress
from autogroove.affinity.election import Election, ExemplarWatch
from autogroove.affinity.similarity import Floats

if TYPE_CHECKING:
    import torch

_BLOCK_ROWS = 1024


def propagate_torch(
    similarities: Floats,
    preference: npt.NDArray[np.float64],
    *,
    device: str = "cuda",
    damping: float = 0.5,
    max_iterations: int = 200,
    window: int = 15,
    progress: Progress | None = None,
) -> Election:
    """As `propagate_dense`, on a torch device; the similarities' type is kept."""
    import torch

    np.fill_diagonal(similarities, preference)
    s = torch.from_numpy(similarities).to(device)
    r, a = torch.zeros_like(s), torch.zeros_like(s)
    watch, converged = ExemplarWatch(len(s), window), False
    with torch.no_grad():
        for iteration in range(max_iterations):
            totals = _update_responsibilities(s, a, r, damping)
            _update_availabilities(a, r, totals, damping)
            if progress:
                progress(iteration + 1, max_iterations)
            converged = watch.update((a.diagonal() + r.diagonal() > 0).cpu().numpy())
            if converged:
                break
    return watch.close(converged, damping)


def _update_responsibilities(
    s: "torch.Tensor", a: "torch.Tensor", r: "torch.Tensor", damping: float
) -> "torch.Tensor":
    """Update r; the sums of its positive part by column, the diagonal whole."""
    import torch

    totals = s.new_zeros(len(s))
    for start in range(0, len(s), _BLOCK_ROWS):
        rows = slice(start, start + _BLOCK_ROWS)
        total = a[rows] + s[rows]
        first, best = total.max(dim=1)
        second = total.scatter_(1, best[:, None], -torch.inf).amax(dim=1)
        fresh = s[rows] - first[:, None]
        own = s[rows].gather(1, best[:, None]) - second[:, None]
        fresh.scatter_(1, best[:, None], own)
        r[rows] = r[rows].mul_(damping).add_(fresh, alpha=1 - damping)
        totals += r[rows].clamp(min=0).sum(dim=0)
    diagonal = r.diagonal()
    return totals - diagonal.clamp(min=0) + diagonal


def _update_availabilities(
    a: "torch.Tensor", r: "torch.Tensor", totals: "torch.Tensor", damping: float
) -> None:
    own = totals - r.diagonal()
    kept = a.diagonal().clone()
    for start in range(0, len(a), _BLOCK_ROWS):
        rows = slice(start, start + _BLOCK_ROWS)
        fresh = (totals - r[rows].clamp(min=0)).clamp_(max=0)
        a[rows] = a[rows].mul_(damping).add_(fresh, alpha=1 - damping)
    a.diagonal().copy_(damping * kept + (1 - damping) * own)
