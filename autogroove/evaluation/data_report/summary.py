"""From merged statistics to the data report: numbers, and sentences that say what they mean.

What belongs here: the report as plain JSON values, rounded to six digits so that equal
collections give equal bytes on machines that round differently.
What does not: counting (`counting`) or drawing (`drawing`).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from autogroove.config import Settings, SpectrogramSettings
from autogroove.evaluation.data_report.findings import (
    bright_at,
    dark_at,
    entropy_at,
    list_gains,
    median_gain,
    recommend_gain,
    undo_tanh,
    write_findings,
)
from autogroove.evaluation.data_report.statistics import (
    TRACK_COLUMNS,
    Statistics,
    block_spectrum,
    components_for,
    effective_rank,
    frame_spectrum,
    row_quantiles,
    split_variance,
)
from autogroove.segments import top_frequency_hz

_KEPT_COMPONENTS = 128
_QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
_NONE = np.empty(0)
_CLIPPING = 1e-4
"""A track clips if more than so many of its samples are at full scale."""


def summarise(
    statistics: Statistics, settings: Settings, low_pass_hz: NDArray[np.float64] = _NONE
) -> dict[str, Any]:
    """The data report of a collection as JSON values.

    `low_pass_hz` is what `treble.read_treble` gives: of a sample of the tracks.

    Keys: `clips`, `tracks`, `gain`, `rows`, `components`, `modulation`, `audio`, `findings`.
    """
    report: dict[str, Any] = {
        "clips": {"total": statistics.num_clips, "black": statistics.num_black},
        "tracks": len(statistics.tracks),
        "gain": _summarise_gain(statistics, settings.spectrogram),
        "rows": _summarise_rows(statistics, settings.spectrogram),
        "components": _summarise_components(statistics),
        "modulation": _summarise_modulation(statistics, settings.spectrogram),
        "audio": _summarise_audio(statistics, low_pass_hz),
    }
    report["findings"] = write_findings(report)
    return report


def row_frequencies(settings: SpectrogramSettings) -> NDArray[np.float64]:
    """The frequency in Hz that each row of an image stands for."""
    if settings.scale == "linear":
        return np.arange(settings.num_bins) * settings.sample_rate_hz / settings.window_samples
    from librosa import mel_frequencies

    edges = mel_frequencies(
        n_mels=settings.num_bins + 2, fmin=settings.mel_low_hz, fmax=top_frequency_hz(settings)
    )
    return np.asarray(edges[1:-1], np.float64)


def _summarise_gain(statistics: Statistics, settings: SpectrogramSettings) -> dict[str, Any]:
    counts = statistics.level_counts.sum(axis=0)
    largest = 1.0 if settings.normalisation == "clip_peak" else None
    before = undo_tanh(counts, settings.gain, largest)
    gains = list_gains(settings.gain)
    total = max(1, int(counts.sum()))
    levels = np.arange(256) / 255
    return {
        "used": settings.gain,
        "recommended": _round(recommend_gain(before, gains)),
        "by_median_rule": _round(median_gain(before)),
        "entropy_bits": _round(entropy_at(before, settings.gain)),
        "share_dark": _round(float(counts[levels < 0.02].sum()) / total),
        "share_bright": _round(float(counts[levels > 0.98].sum()) / total),
        "share_censored": _round(float(counts[255]) / total),
        "share_zero": _round(float(counts[0]) / total),
        "level_shares": _rounded(counts / total),
        "before_tanh": {
            "values": _rounded(before.values),
            "share_below": _rounded(before.shares),
            "known_from": _round(float(np.arctanh(0.5 / 255)) / settings.gain),
            "known_to": _round(float(np.arctanh(254.5 / 255)) / settings.gain),
        },
        "curve": {
            "gains": _rounded(gains),
            "entropy_bits": _rounded(np.array([entropy_at(before, g) for g in gains])),
            "share_bright": _rounded(np.array([bright_at(before, g) for g in gains])),
            "share_dark": _rounded(np.array([dark_at(before, g) for g in gains])),
        },
    }


def _summarise_rows(statistics: Statistics, settings: SpectrogramSettings) -> dict[str, Any]:
    low, median, high = row_quantiles(statistics, (0.25, 0.5, 0.75))
    parts = split_variance(statistics)
    share = parts["between_tracks"] / np.maximum(parts["total"], 1e-12)
    return {
        "frequency_hz": _rounded(row_frequencies(settings)),
        "median": _rounded(median),
        "lower_quartile": _rounded(low),
        "upper_quartile": _rounded(high),
        "between_track_share": _rounded(share),
        **{f"{name}_variance": _rounded(parts[name]) for name in parts if name != "mean"},
    }


def _summarise_components(statistics: Statistics) -> dict[str, Any]:
    return {
        name: {
            "dimensions": len(spectrum),
            "effective_rank": _round(effective_rank(spectrum)),
            "needed_for": components_for(spectrum),
            "variance": _rounded(spectrum[:_KEPT_COMPONENTS]),
            "total_variance": _round(float(spectrum.sum())),
        }
        for name, spectrum in (
            ("images", block_spectrum(statistics)),
            ("frames", frame_spectrum(statistics)),
        )
    }


def _summarise_modulation(statistics: Statistics, settings: SpectrogramSettings) -> dict[str, Any]:
    """Mean power by modulation frequency, a row a band; each band sums to 1 without its mean."""
    frame_hz = settings.sample_rate_hz / settings.hop_samples
    frequencies = np.fft.rfftfreq(settings.num_frames, 1 / frame_hz)
    power = statistics.modulation.copy()
    power[:, 0] = 0
    shares = power / np.maximum(power.sum(axis=1, keepdims=True), 1e-300)
    rows = np.array_split(row_frequencies(settings), len(power))
    return {
        "frequency_hz": _rounded(frequencies),
        "bands_hz": [[_round(float(row[0])), _round(float(row[-1]))] for row in rows],
        "shares": [_rounded(share) for share in shares],
        "power": _rounded(power.sum(axis=1) / max(1, statistics.num_clips)),
    }


def _summarise_audio(statistics: Statistics, low_pass_hz: NDArray[np.float64]) -> dict[str, Any]:
    columns = dict(zip(TRACK_COLUMNS, statistics.tracks.T, strict=True))
    columns["low_pass_hz"] = low_pass_hz
    report: dict[str, Any] = {}
    for name in ("duration_seconds", "low_pass_hz", "clipped_share", "silent_share"):
        known = columns[name][np.isfinite(columns[name])]
        quantiles = _rounded(np.quantile(known, _QUANTILES)) if len(known) else []
        report[name] = {"known": len(known), "quantiles": quantiles, "counts": _count(name, known)}
    report["low_pass_hz"]["measured"] = len(low_pass_hz)
    report["clipping_tracks"] = int(np.count_nonzero(columns["clipped_share"] > _CLIPPING))
    report["silent_tracks"] = int(np.count_nonzero(columns["silent_share"] >= 1))
    for name in ("sample_rate_hz", "channels"):
        values, counts = np.unique(columns[name], return_counts=True)
        report[name] = {f"{v:g}": int(n) for v, n in zip(values, counts, strict=True)}
    return report


_EDGES: dict[str, list[float]] = {
    "duration_seconds": [0, 5, 10, 20, 29, 29.9, 30.1, 31, 60, 120, 180, 240, 300, 600, 3600],
    "low_pass_hz": [1000.0 * khz for khz in range(25)],
    "clipped_share": [0, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1],
    "silent_share": [0, 0.01, 0.34, 0.67, 1.0],
}


def _count(name: str, known: NDArray[np.float64]) -> dict[str, list[float]]:
    """Tracks from each edge up to the next; the last one has no end."""
    edges = [float(edge) for edge in _EDGES[name]]
    places = np.searchsorted(edges, known, side="right") - 1
    counts = np.bincount(np.maximum(places, 0), minlength=len(edges))
    return {"from": edges, "tracks": [int(count) for count in counts]}


def _round(value: float) -> float:
    return float(f"{value:.6g}")


def _rounded(values: NDArray[np.floating]) -> list[float]:
    return [_round(float(value)) for value in values]
