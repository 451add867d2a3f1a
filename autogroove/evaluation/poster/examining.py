"""From a trained network to what is found out about it, and about `groove` on the same clips.

What belongs here: which figures are made of what. What does not: any formula, words or pictures.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from autogroove.config import Settings
from autogroove.evaluation.baselines import fit_components
from autogroove.evaluation.poster.examples import count_examples
from autogroove.evaluation.poster.hearing import (
    Clustered,
    ask_nearest,
    cluster_clips,
    label_clips,
)
from autogroove.evaluation.poster.material import Material, choose_material, read_images
from autogroove.evaluation.poster.rivals import (
    Components,
    Images,
    MeanImage,
    Rival,
    Trained,
)
from autogroove.evaluation.poster.settings import PosterSettings
from autogroove.evaluation.poster.unexplained import (
    SquaredErrors,
    measure_errors,
    trace_components,
)
from autogroove.model import ModelSummary, load_model
from autogroove.model.training import choose_machine
from autogroove.source import load_catalogue
from autogroove.store import Store

Progress = Callable[[int, int, str], None]

NETWORK, UNTRAINED, PCA, MEAN = "network", "untrained", "PCA", "mean"
MOST_COMPONENTS = 296
SHOWN_PER_KIND = 2


@dataclass(frozen=True)
class Seen:
    """What one preset's images and network gave.

    `errors` and `checked` are of held-out and of training clips, by rival; `curve` is the share
    that the first 0, 1, … components leave; `clusters` and `nearest` are by rival. `images` are
    those of the clustered clips; `shown` rows of the held-out clips with `drawn`, a picture of
    each by rival, and `originals`.
    """

    settings: Settings
    numbers: int
    errors: dict[str, SquaredErrors]
    checked: dict[str, SquaredErrors]
    curve: NDArray[np.float64]
    clusters: dict[str, Clustered]
    nearest: dict[str, dict[str, tuple[float, float]]]
    codes: dict[str, NDArray[np.float32]]
    images: Images
    shown: NDArray[np.int64]
    originals: Images
    drawn: dict[str, NDArray[np.float32]]

    def shares(self) -> dict[str, float]:
        """The share of held-out variance that each rival leaves, but the mean image."""
        whole = self.errors[MEAN]
        return {name: e.share_of(whole) for name, e in self.errors.items() if name != MEAN}


@dataclass(frozen=True)
class Findings:
    """All that the page says."""

    settings: PosterSettings
    summary: ModelSummary
    num_weights: int
    counts: pd.DataFrame
    num_fitted: int
    dev: pd.DataFrame
    heard: pd.DataFrame
    labels: pd.DataFrame
    poster: Seen
    groove: Seen


def examine(
    store: Store,
    catalogue_key: str,
    summary: ModelSummary,
    settings: PosterSettings,
    *,
    device: str = "auto",
    progress: Progress | None = None,
) -> Findings:
    """Measure a finished training, and the pretrained groove network on the same clips.

    Raises:
        SettingsError: there is no such device.
    """
    catalogue = load_catalogue(store, catalogue_key)
    material = choose_material(catalogue, settings.seed)
    heard = material.dev.iloc[material.heard].reset_index(drop=True)
    labels = label_clips(heard, read_images(store, settings.poster, heard))
    machine = choose_machine(device)
    model = load_model(store, summary.model_key)
    shape = model.image_shape
    rivals: dict[str, Rival] = {
        NETWORK: _placed(Trained(model), machine.device),
        UNTRAINED: _placed(Trained.untrained(settings.poster, shape), machine.device),
    }
    tell = _count_to(8, progress)
    looking = (store, material, heard, labels, settings.seed, tell)
    poster = _see(settings.poster, rivals, model.code_size, *looking)
    pretrained = Trained.pretrained(machine.device)
    groove = _see(settings.groove, {NETWORK: pretrained}, pretrained.numbers, *looking)
    return Findings(
        settings=settings,
        summary=summary,
        num_weights=sum(each.numel() for each in model.parameters()),
        counts=count_examples(catalogue),
        num_fitted=len(material.fitted),
        dev=material.dev,
        heard=heard,
        labels=labels,
        poster=poster,
        groove=groove,
    )


def _see(
    settings: Settings,
    rivals: dict[str, Rival],
    numbers: int,
    store: Store,
    material: Material,
    heard: pd.DataFrame,
    labels: pd.DataFrame,
    seed: int,
    tell: Callable[[str], None],
) -> Seen:
    fitted = read_images(store, settings, material.fitted)
    components = fit_components(fitted, min(MOST_COMPONENTS, len(fitted) - 1))
    rivals = {
        **rivals,
        PCA: Components(components, numbers),
        MEAN: MeanImage(components.mean),
    }
    del fitted
    tell(f"{settings.preset}: principal components")
    drawing = {name: rival for name, rival in rivals.items() if name != UNTRAINED}
    dev = read_images(store, settings, material.dev)
    errors = {name: measure_errors(rival, dev) for name, rival in drawing.items()}
    curve = trace_components(components, dev, errors[MEAN])
    tell(f"{settings.preset}: held-out clips")
    other = read_images(store, settings, material.checked)
    checked = {name: measure_errors(rival, other) for name, rival in drawing.items()}
    tell(f"{settings.preset}: training clips")
    images = dev[material.heard]
    hearing = {name: rival for name, rival in rivals.items() if name != MEAN}
    codes = {name: rival.encode(images) for name, rival in hearing.items()}
    shown = _choose_shown(material.dev)
    seen = Seen(
        settings=settings,
        numbers=numbers,
        errors=errors,
        checked=checked,
        curve=curve,
        clusters={name: cluster_clips(each, labels, seed) for name, each in codes.items()},
        nearest={name: ask_nearest(each, heard) for name, each in codes.items()},
        codes=codes,
        images=images,
        shown=shown,
        originals=dev[shown],
        drawn={name: rival.draw(dev[shown]) for name, rival in drawing.items()},
    )
    tell(f"{settings.preset}: clusters")
    return seen


def _choose_shown(dev: pd.DataFrame) -> NDArray[np.int64]:
    """Two clips of each kind, of different tracks, from the middle of the list."""
    rows = []
    for _, there in dev.drop_duplicates("fingerprint").groupby("kind", sort=True):
        places = np.linspace(0, len(there) - 1, SHOWN_PER_KIND + 2)[1:-1].round().astype(int)
        rows += [int(there.index[place]) for place in np.unique(places)]
    return np.array(rows, np.int64)


def _placed(rival: Trained, device: torch.device) -> Trained:
    rival.model.to(device)
    return rival


def _count_to(total: int, progress: Progress | None) -> Callable[[str], None]:
    done = 0

    def tell(what: str) -> None:
        nonlocal done
        done += 1
        if progress:
            progress(done, total, what)

    return tell
