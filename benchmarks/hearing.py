"""What a network hears: families of the teacher, the demo's grooves, clips of a track.

    python benchmarks/hearing.py --weights groove.safetensors --demo STORE --music STORE

Families are made of idioms and kits that training did not have: is the nearest clip in another
kit the same groove; is it at another tempo; at which rank is the same performance; is the
nearest clip of another groove in the same sound. Stores are those of releases of the `groove`
preset: groove labels by five neighbours in other palettes, whether clips of a track find each
other, plain and disguised, and what the decoder leaves unexplained beside PCA.

What belongs here: figures of weights beside baselines, with half widths of 95 % intervals.
What does not: the card of a release (`autogroove card`), whose rows these are kin to.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from hearing_baselines import (
    Codes,
    describe_untrained,
    fit_correlogram,
    measure_correlogram,
    network_codes,
)
from hearing_material import Families, Images, Music, read_music, teach_families, teach_lessons
from numpy.typing import NDArray

from autogroove.evaluation import fit_components
from autogroove.model import GrooveNetwork, load_pretrained, unpack_weights
from autogroove.model.training import build_network, read_pretrained

Rows = dict[str, tuple[float, float]]
INFINITE = np.float32(np.inf)


def judge_families(codes: NDArray[np.float32], told: Families) -> Rows:
    """Shares of clips whose nearest is right, and the mean reciprocal rank of performances."""
    apart = squared_distances(codes, codes)
    same_groove = told.grooves[:, None] == told.grooves
    same_sound = told.sounds[:, None] == told.sounds
    same_tempo = np.abs(np.log(told.tempi_bpm[:, None] / told.tempi_bpm)) < 0.005
    elsewhere = np.where(same_sound, INFINITE, apart)
    other_tempo = np.where(same_groove & same_tempo, INFINITE, elsewhere)
    other_groove = np.where(same_groove, INFINITE, apart)
    asked = np.flatnonzero(told.partners >= 0)
    partner = elsewhere[asked, told.partners[asked]]
    ranks = 1 + (elsewhere[asked] < partner[:, None]).sum(axis=1)
    return {
        "same groove, other kit": mean_of(same_groove_of(elsewhere, told), told.grooves),
        "the same at another tempo": mean_of(same_groove_of(other_tempo, told), told.grooves),
        "same performance, other kit": mean_of(1 / ranks, told.grooves[asked]),
        "same sound, other groove": mean_of(
            told.sounds[other_groove.argmin(axis=1)] == told.sounds, told.grooves
        ),
    }


def same_groove_of(apart: NDArray[np.float32], told: Families) -> NDArray[np.bool_]:
    return told.grooves[apart.argmin(axis=1)] == told.grooves


def judge_music(codes: NDArray[np.float32], disguised: NDArray[np.float32], told: Music) -> Rows:
    """Whether clips of a track find each other, and labels of grooves where there are any."""
    apart = squared_distances(codes, codes)
    np.fill_diagonal(apart, INFINITE)
    artists = told.artists[told.owner]
    rows = {"same track R@1": mean_of(told.owner[apart.argmin(axis=1)] == told.owner, artists)}
    apart = squared_distances(disguised, codes)
    apart[np.arange(len(disguised)), told.disguised_clips] = INFINITE
    owner = told.owner[told.disguised_clips]
    rows["disguised R@1"] = mean_of(told.owner[apart.argmin(axis=1)] == owner, told.artists[owner])
    if told.grooves is not None:
        tracks = np.stack([codes[told.owner == k].mean(axis=0) for k in range(len(told.artists))])
        rows["groove labels, 5-NN"] = mean_of(vote_grooves(tracks, told), told.artists)
    return rows


def vote_grooves(tracks: NDArray[np.float32], told: Music) -> NDArray[np.bool_]:
    """Whether five neighbours of other palettes and artists vote for the right groove."""
    assert told.grooves is not None
    near = (told.genres[:, None] == told.genres) | (told.artists[:, None] == told.artists)
    apart = np.where(near, INFINITE, squared_distances(tracks, tracks))
    nearest = told.grooves[np.argsort(apart, axis=1)[:, :5]]
    support = (nearest[:, :, None] == nearest[:, None, :]).sum(axis=2)
    chosen = nearest[np.arange(len(nearest)), support.argmax(axis=1)]
    return np.asarray(chosen == told.grooves)


def judge_pictures(network: GrooveNetwork, known: Images, held_out: Images) -> dict[str, float]:
    """Unexplained variance of images, beside PCA with as many numbers fitted to known ones.

    The network knows none of them, except where the teacher made them.
    """
    mean = torch.from_numpy(known.mean(axis=0, dtype=np.float64) / 255).float()
    squares = torch.zeros(2, dtype=torch.float64)
    with torch.inference_mode():
        for start in range(0, len(held_out), 64):
            shown = torch.from_numpy(held_out[start : start + 64]).float()[:, None] / 255
            squares[0] += (network(shown) - shown).square().sum()
            squares[1] += (shown[:, 0] - mean).square().sum()
    numbers = network.code_size + network.sizes[3]
    heard = fit_components(known, numbers).hear(held_out, None)
    assert heard.squared_errors is not None and heard.mean_errors is not None
    pca = heard.squared_errors.sum() / heard.mean_errors.sum()
    return {"network": float(squares[0] / squares[1]), f"PCA of {numbers}": float(pca)}


def squared_distances(
    rows: NDArray[np.float32], others: NDArray[np.float32]
) -> NDArray[np.float32]:
    """(a, b) squared Euclidean distances."""
    lengths = np.square(rows).sum(axis=1)[:, None] + np.square(others).sum(axis=1)
    return np.asarray(lengths - 2 * rows @ others.T, np.float32)


def mean_of(values: NDArray[np.generic], groups: NDArray[np.generic]) -> tuple[float, float]:
    """A mean and the half width of its interval, groups (grooves, artists) being what was drawn."""
    numbers = values.astype(np.float64)
    _, place = np.unique(groups, return_inverse=True)
    off = np.bincount(place, numbers - numbers.mean())
    return float(numbers.mean()), float(1.96 * np.sqrt(np.square(off).sum()) / len(numbers))


@dataclass(frozen=True)
class Material:
    """What encoders are measured on."""

    families: Families
    music: dict[str, Music]


def tables(material: Material, encoders: dict[str, Codes]) -> Iterator[tuple[str, dict[str, Rows]]]:
    """A table for each kind of material: rows by encoder."""
    told = material.families
    found = {
        name: codes.of_families(told) for name, codes in encoders.items() if codes.hears_families
    }
    yield "families", {name: judge_families(codes, told) for name, codes in found.items()}
    for place, music in material.music.items():
        rows = {}
        for name, codes in encoders.items():
            heard = codes.of_music(music)
            if heard is not None:
                rows[name] = judge_music(*heard, music)
        yield place, rows


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    given = parser.add_mutually_exclusive_group()
    given.add_argument("--weights", type=Path, help="safetensors; else those of the package")
    given.add_argument("--pretraining", type=Path, help="folder of `experiment pretrain`")
    parser.add_argument("--demo", help="store with a release of the demo")
    parser.add_argument("--music", help="store with a release of other music")
    parser.add_argument("--lessons", type=int, default=8, help="of 24 held-out grooves")
    parser.add_argument("--seed", type=int, default=1, help="of the lessons")
    parser.add_argument("--fast", action="store_true", help="the network alone")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    network = read_network(arguments.weights, arguments.pretraining)
    stores = {"demo": arguments.demo, "music": arguments.music}
    music = {name: read_music(store) for name, store in stores.items() if store}
    material = Material(teach_families(arguments.seed, arguments.lessons), music)
    encoders = network_codes(network)
    pictures = {name: (told.training[told.owner], told.images) for name, told in music.items()}
    known = {name: (images[chosen], images[~chosen]) for name, (chosen, images) in pictures.items()}
    if not arguments.fast:
        lessons = teach_lessons(0, 16)
        encoders |= measure_correlogram() | fit_correlogram(lessons)
        encoders |= describe_untrained(lessons) | Codes.described() | Codes.released()
        taught = np.concatenate([lesson.images for lesson in lessons])
        known["families"] = taught, material.families.images
    for name, rows in tables(material, encoders):
        print_table(name, rows)
    for name, (training, held_out) in known.items():
        print(name, "unexplained:", json.dumps(judge_pictures(network, training, held_out)))


def read_network(weights: Path | None, folder: Path | None) -> GrooveNetwork:
    if folder:
        return read_pretrained(folder)
    network = build_network()
    if weights:
        unpack_weights(network, weights.read_bytes())
    else:
        load_pretrained(network)
    return network.eval()


def print_table(name: str, rows: dict[str, Rows]) -> None:
    columns = list(next(iter(rows.values())))
    print(f"\n| {name} | " + " | ".join(columns) + " |")
    print("|---" * (1 + len(columns)) + "|")
    for encoder, found in rows.items():
        cells = (f"{mean:.3f} ± {half:.3f}" for mean, half in found.values())
        print(f"| {encoder} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
