"""The page: what was asked of the poster's network, answered with figures.

What belongs here: writing it, and what its template is given. What does not: words
(`page.md.jinja`), tables (`tables`), pictures (`pictures`), or any formula.
"""

from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, StrictUndefined

from autogroove.errors import SettingsError
from autogroove.evaluation.poster.examining import MEAN, NETWORK, PCA, Findings, Seen
from autogroove.evaluation.poster.hearing import LABELS, SAME_GROOVE
from autogroove.evaluation.poster.pictures import draw_pictures
from autogroove.evaluation.poster.tables import (
    dot,
    tabulate_examples,
    tabulate_hearing,
    tabulate_largest,
    tabulate_losses,
    tabulate_unexplained,
)
from autogroove.evaluation.poster.unexplained import count_equal


def check_path(path: Path) -> None:
    """See that a page can be written there, before hours are spent on it.

    Raises:
        SettingsError: it cannot.
    """
    if path.suffix != ".md" or path.is_dir():
        raise SettingsError(f"{path} is no name for the page: it ends in .md, say poster.md.")
    if not path.parent.is_dir():
        raise SettingsError(f"There is no folder {path.parent} for the page: make it first.")


def write_page(path: Path, findings: Findings) -> list[Path]:
    """Write a page of Markdown, and its pictures into a folder of its name beside it.

    Returns the files written.

    Raises:
        SettingsError: they cannot be written there.
    """
    folder = path.with_suffix("")
    try:
        folder.mkdir(exist_ok=True)
        written = []
        for name, png in draw_pictures(findings):
            written.append(folder / f"{name}.png")
            written[-1].write_bytes(png)
        path.write_text(render_page(findings, folder.name), encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"Cannot write {path}: {error.strerror}.") from error
    return [path, *written]


def render_page(findings: Findings, pictures: str) -> str:
    """The page as Markdown; `pictures` is the folder of its pictures, as it links them."""
    environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True)
    environment.filters |= {"dot": dot, "count": "{:,}".format, "five": "{:.5f}".format}
    template = files("autogroove.evaluation.poster") / "page.md.jinja"
    return environment.from_string(template.read_text(encoding="utf-8")).render(
        pictures=pictures, **_gather(findings)
    )


def _gather(findings: Findings) -> dict[str, Any]:
    poster, both = findings.poster, {"poster": findings.poster, "groove": findings.groove}
    errors, whole = poster.errors, poster.errors[MEAN]
    share = {
        "poster": errors[NETWORK].share_of(whole),
        "poster_pca": errors[PCA].share_of(whole),
        "checked": poster.checked[NETWORK].share_of(poster.checked[MEAN]),
        "colour": errors[NETWORK].colour_of(whole),
        "time": errors[NETWORK].time_of(whole),
    }
    dev = findings.summary.dev_loss
    before = dev[max(0, 2 * len(dev) // 3 - 1)]
    return {
        "asked": findings.settings,
        "summary": findings.summary,
        "num_weights": findings.num_weights,
        "num_fitted": findings.num_fitted,
        "num_heard": len(findings.heard),
        "poster": poster,
        "share": share,
        "equal": count_equal(poster.curve, share["poster"]),
        "mse": {"mean": whole.mean, "pca": errors[PCA].mean},
        "best_epoch": int(np.argmin(dev)) + 1,
        "late_change": f"{100 * (dev[-1] / before - 1):+.1f} %",
        "known": {name: seen.clusters[NETWORK].known for name, seen in both.items()},
        "groove_found": _ask_groove(findings),
        "best": _find_best(poster),
        "sizes": {name: _measure_sizes(seen) for name, seen in both.items()},
        "examples": tabulate_examples(findings),
        "losses": tabulate_losses(findings),
        "hearing": tabulate_hearing(findings),
        "unexplained": {name: tabulate_unexplained(findings, seen) for name, seen in both.items()},
        "largest": {name: tabulate_largest(findings, seen) for name, seen in both.items()},
    }


def _ask_groove(findings: Findings) -> dict[str, float]:
    """How often the nearest clip is right by rival; empty where nothing can be asked."""
    found = {name: rows.get(SAME_GROOVE) for name, rows in findings.poster.nearest.items()}
    found["groove"] = findings.groove.nearest[NETWORK].get(SAME_GROOVE)
    return {name: row[0] for name, row in found.items() if row is not None}


def _find_best(seen: Seen) -> tuple[str, float]:
    """The label, in words, that clusters know most of, and how much."""
    known = {name: value for name, value in seen.clusters[NETWORK].known.items() if value == value}
    best = max(known, key=known.__getitem__)
    return LABELS[best], known[best]


def _measure_sizes(seen: Seen) -> dict[str, int]:
    sizes = np.bincount(seen.clusters[NETWORK].labels)
    return {"count": len(sizes), "median": int(np.median(sizes))}
