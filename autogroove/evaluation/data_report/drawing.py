"""The data report as pictures.

What belongs here: one picture for each part of the report. What does not: its numbers.
"""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from autogroove.figures import (
    BLUE,
    GREEN,
    INK,
    MUTED,
    ORANGE,
    PURPLE,
    RED,
    new_figure,
    style_axes,
    to_png,
)

_SMALL = 8.5


REPORT_PICTURES = ("gain", "rows", "components", "modulation", "audio")


def draw_report(summary: dict[str, Any]) -> dict[str, bytes]:
    """PNGs of a data report by name, those of `REPORT_PICTURES`."""
    return {
        "gain": draw_gain(summary["gain"]),
        "rows": draw_rows(summary["rows"]),
        "components": draw_components(summary["components"]),
        "modulation": draw_modulation(summary["modulation"]),
        "audio": draw_audio(summary["audio"]),
    }


def draw_gain(gain: dict[str, Any]) -> bytes:
    """PNG: values before tanh, grey levels after it, entropy and saturation by gain."""
    figure = new_figure(1000, 330)
    before, after, curve = figure.subplots(1, 3)
    _draw_before(before, gain)
    style_axes(after, "Grey levels after tanh", "grey level", "share of pixels, %")
    shares = 100 * np.array(gain["level_shares"])
    after.bar(np.arange(256) / 255, shares, width=1 / 255, color=BLUE)
    after.set_yscale("symlog", linthresh=0.5)
    after.set_yticks([0, 0.5, 1, 10, 100], ["0", "0.5", "1", "10", "100"])
    texts = (f"{gain['share_dark']:.0%} below .02", f"{gain['share_bright']:.0%} above .98")
    for text, x, side in zip(texts, (0.05, 0.95), ("left", "right"), strict=True):
        after.text(x, 0.93, text, transform=after.transAxes, ha=side, fontsize=_SMALL, color=INK)
    _draw_entropy(curve, gain)
    return to_png(figure)


def _draw_before(axes: Axes, gain: dict[str, Any]) -> None:
    style_axes(axes, "Before tanh (per unit of gain)", "value", "share of pixels per octave, %")
    values = np.array(gain["before_tanh"]["values"])
    below = np.array(gain["before_tanh"]["share_below"])
    low, high = gain["before_tanh"]["known_from"], gain["before_tanh"]["known_to"]
    grid = np.geomspace(low, high, 60)
    shares = np.interp(np.log(grid), np.log(values), below)
    density = 100 * np.diff(shares) / np.diff(np.log2(grid))
    axes.stairs(density, grid, fill=True, color=BLUE, alpha=0.85)
    axes.set_xscale("log")
    axes.set_ylim(0, 1.25 * max(float(density.max()), 1.0))
    outside = (
        f"{gain['share_zero']:.0%} lower, {gain['share_censored']:.0%} higher:",
        "censored by the first and the last grey level",
    )
    for line, text in enumerate(outside):
        axes.text(
            0.03, 0.93 - 0.08 * line, text, transform=axes.transAxes, fontsize=7.5, color=MUTED
        )


def _draw_entropy(axes: Axes, gain: dict[str, Any]) -> None:
    style_axes(axes, "Entropy by gain", "gain", "bits (solid)")
    curve = gain["curve"]
    axes.plot(curve["gains"], curve["entropy_bits"], color=BLUE, label="entropy")
    axes.axvline(gain["used"], color=MUTED, lw=1.4, ls=":", label=f"used: {gain['used']:g}")
    best = gain["recommended"]
    axes.axvline(best, color=GREEN, lw=1.4, label=f"recommended: {best:.3g}")
    axes.set_xscale("log")
    axes.set_ylim(0, 12.8)
    axes.set_yticks(range(0, 9, 2))
    shares = axes.twinx()
    for name, colour, label in (
        ("share_bright", ORANGE, "above .98"),
        ("share_dark", PURPLE, "below .02"),
    ):
        shares.plot(curve["gains"], 100 * np.array(curve[name]), color=colour, lw=1, ls="--")
        axes.plot([], [], color=colour, lw=1, ls="--", label=label)
    style_axes(shares, "", "", "share of pixels, % (dashed)")
    shares.grid(False)
    shares.set_ylim(0, 160)
    shares.set_yticks(range(0, 101, 25))
    axes.legend(frameon=False, fontsize=7.5, labelcolor=INK, loc="upper left", ncols=2)


def draw_rows(rows: dict[str, Any]) -> bytes:
    """PNG: grey levels of each row, and where their variance lies."""
    figure = new_figure(1000, 330)
    levels, variance, shares = figure.subplots(1, 3)
    hz = np.array(rows["frequency_hz"])
    style_axes(levels, "Grey level by frequency", "Hz", "median and quartiles")
    levels.fill_between(hz, rows["lower_quartile"], rows["upper_quartile"], color=BLUE, alpha=0.25)
    levels.plot(hz, rows["median"], color=BLUE)
    levels.set_ylim(0, 1)
    style_axes(variance, "Variance by frequency", "Hz", "grey level squared")
    names = ("between_tracks", "between_clips", "within_clips")
    labels = ("between tracks", "between clips of a track", "within a clip (time)")
    parts = [rows[f"{name}_variance"] for name in names]
    variance.stackplot(hz, parts, labels=labels, colors=(GREEN, PURPLE, ORANGE), alpha=0.85)
    variance.set_ylim(0, 1.45 * max(1e-6, float(np.max(rows["total_variance"]))))
    variance.legend(frameon=False, fontsize=7.5, labelcolor=INK, loc="upper left")
    style_axes(shares, "Between-track share of variance", "Hz", "%")
    shares.plot(hz, 100 * np.array(rows["between_track_share"]), color=GREEN)
    shares.set_ylim(0, None)
    return to_png(figure)


def draw_components(components: dict[str, Any]) -> bytes:
    """PNG: explained variance by number of principal components."""
    figure = new_figure(1000, 330)
    names = {"images": "Whole images, as blocks", "frames": "Single frames"}
    for axes, (name, title) in zip(figure.subplots(1, 2), names.items(), strict=True):
        part = components[name]
        title = f"{title}: effective rank {part['effective_rank']:.1f} of {part['dimensions']}"
        style_axes(axes, title, "principal components", "variance explained, %")
        explained = 100 * np.cumsum(part["variance"]) / max(part["total_variance"], 1e-300)
        axes.plot(np.arange(1, len(explained) + 1), explained, color=BLUE)
        for share, count in part["needed_for"].items():
            _mark_share(axes, explained, share, count)
        axes.set_xscale("log")
        axes.set_xlim(0.9, 2 * max(len(explained), part["needed_for"]["95%"]))
        axes.set_ylim(0, 103)
    return to_png(figure)


def _mark_share(axes: Axes, explained: np.ndarray, share: str, count: int) -> None:
    """A dot where so many components explain a share, on the curve as far as it is kept."""
    beyond = not 1 <= count <= len(explained)
    place = count, float(share.rstrip("%")) if beyond else float(explained[count - 1])
    axes.plot(*place, "o", color=RED, ms=5)
    text = f"{count} for {share}"
    options: dict[str, Any] = {"textcoords": "offset points", "fontsize": _SMALL, "color": INK}
    axes.annotate(text, place, xytext=(7, -10), **options)


def draw_modulation(modulation: dict[str, Any]) -> bytes:
    """PNG: how fast the bands' envelopes move."""
    figure = new_figure(1000, 360)
    chart, table = figure.subplots(1, 2, width_ratios=(1.25, 1))
    hz = np.array(modulation["frequency_hz"])
    shares = np.array(modulation["shares"])
    style_axes(chart, "Modulation spectrum by band", "modulation, Hz", "share per octave, %")
    colours = (BLUE, GREEN, ORANGE, RED, PURPLE, "#6b7685", "#12a5b8", "#a0703c")
    edges = np.geomspace(max(hz[1], 0.15), hz[-1], 22)
    for number, (share, band) in enumerate(zip(shares, modulation["bands_hz"], strict=True)):
        octaves = np.log2(edges[1:] / edges[:-1])
        summed = np.diff(np.interp(edges, hz, np.cumsum(share)))
        chart.plot(
            np.sqrt(edges[1:] * edges[:-1]),
            100 * summed / octaves,
            color=colours[number % len(colours)],
            label=f"{band[0]:.0f} to {band[1]:.0f} Hz",
        )
    chart.set_xscale("log")
    ticks = [tick for tick in (0.2, 0.5, 1, 2, 4, 8, 16, 32) if edges[0] <= tick <= edges[-1]]
    chart.set_xticks(ticks, [f"{tick:g}" for tick in ticks], minor=False)
    chart.set_xticks([], minor=True)
    chart.legend(frameon=False, fontsize=7.5, labelcolor=INK)
    style_axes(table, "Movement of the envelope", "band, Hz", "mean power")
    table.bar(range(len(shares)), modulation["power"], color=colours[: len(shares)])
    labels = [f"{low:.0f} to\n{high:.0f}" for low, high in modulation["bands_hz"]]
    table.set_xticks(range(len(shares)), labels, fontsize=7)
    return to_png(figure)


def draw_audio(audio: dict[str, Any]) -> bytes:
    """PNG: what was measured of the audio: duration, treble cut-off, clipping, silence."""
    figure = new_figure(1000, 300)
    titles = {
        "duration_seconds": ("Duration", "seconds, from"),
        "low_pass_hz": ("Treble cut-off", "kHz, from"),
        "clipped_share": ("Samples at full scale", "share, from"),
        "silent_share": ("Silent clips", "share of a track's clips, from"),
    }
    for axes, (name, (title, label)) in zip(figure.subplots(1, 4), titles.items(), strict=True):
        _draw_counts(axes, audio[name], title, label, 1000 if name == "low_pass_hz" else 1)
    return to_png(figure)


def _draw_counts(axes: Axes, part: dict[str, Any], title: str, label: str, unit: int) -> None:
    style_axes(axes, title, label, "tracks")
    counts, edges = part["counts"]["tracks"], part["counts"]["from"]
    used = [place for place, count in enumerate(counts) if count]
    if not used:
        axes.text(0.5, 0.5, "not measured", transform=axes.transAxes, ha="center", color=MUTED)
        return
    shown = range(used[0], used[-1] + 1)
    axes.bar(range(len(shown)), [counts[place] for place in shown], color=BLUE, width=0.85)
    step = -(-len(shown) // 4)
    places = list(range(0, len(shown), step))
    axes.set_xticks(places, [f"{edges[shown[place]] / unit:g}" for place in places], fontsize=7)
