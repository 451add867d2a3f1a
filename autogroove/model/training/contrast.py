"""Losses that bring together what belongs together.

What belongs here: contrastive losses of codes and their classes, and the loss of tempo.
What does not: which clips belong together (`autogroove.model.training.lessons`).
"""

import torch
from torch import Tensor
from torch.nn.functional import normalize

TEMPO_BLUR = 1.0
"""Deviation of a tempo's target in classes of 1.7 %."""


def contrast_classes(
    codes: Tensor, classes: Tensor, temperature: float, hidden: Tensor | None = None
) -> Tensor:
    """SupCon (Khosla et al. 2020): each clip finds the others of its class among all.

    Args:
        codes: (n, d) float32; their lengths do not matter.
        classes: (n,) integers. Clips that are alone in their class are only others' negatives.
        temperature: of the similarities.
        hidden: (n, n) bool, pairs that are neither to be found nor in the way.
    """
    units = normalize(codes, dim=1)
    itself = torch.eye(len(units), dtype=torch.bool, device=units.device)
    unasked = itself if hidden is None else itself | hidden
    similarity = (units @ units.T / temperature).masked_fill(unasked, float("-inf"))
    together = (classes[:, None] == classes) & ~unasked
    chances = similarity.log_softmax(dim=1).masked_fill(unasked, 0.0)
    members = together.sum(dim=1)
    losses = -(chances * together).sum(dim=1) / members.clamp(min=1)
    return losses.sum() / (members > 0).sum().clamp(min=1)


def blame_tempi(logits: Tensor, places: Tensor) -> Tensor:
    """Cross-entropy of tempi with blurred targets.

    Args:
        logits: (n, tempi).
        places: (n,) where among the tempi each one is, in fractions of a class. Those outside
            are not asked about.
    """
    known = (places > -0.5) & (places < logits.shape[1] - 0.5)
    classes = torch.arange(logits.shape[1], device=logits.device)
    target = torch.exp(-0.5 * ((classes - places[:, None]) / TEMPO_BLUR).square())
    target = target / target.sum(dim=1, keepdim=True).clamp(min=1e-9)
    losses = -(target * logits.log_softmax(dim=1)).sum(dim=1)
    return torch.where(known, losses, 0.0).sum() / known.sum().clamp(min=1)
