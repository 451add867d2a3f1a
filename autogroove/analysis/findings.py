"""What the data report says, in sentences.

What belongs here: turning the numbers of a report into advice, each with the number it rests on.
What does not: computing them.
"""

from typing import Any

import numpy as np

_BANDS = 16
_GROOVE_HZ = (0.5, 8.0)


def write_findings(report: dict[str, Any]) -> list[str]:
    """Sentences for people, the most useful first."""
    return [
        _on_gain(report["gain"]),
        _on_saturation(report["gain"]),
        _on_rows(report["rows"]),
        _on_components(report["components"]),
        _on_modulation(report["modulation"]),
        _on_audio(report),
    ]


def _on_gain(gain: dict[str, Any]) -> str:
    used, best = gain["used"], gain["recommended"]
    curve = gain["curve"]
    reached = float(np.interp(best, curve["gains"], curve["entropy_bits"]))
    now = f"The gain is {used:g}: grey levels carry {gain['entropy_bits']:.2f} of 8 bits."
    if 0.67 < best / used < 1.5:
        return f"{now} That is close to the best, {best:.3g}."
    return f"{now} At {best:.3g} they would carry {reached:.2f}, with at most 10 % above .98."


def _on_saturation(gain: dict[str, Any]) -> str:
    text = (
        f"{gain['share_dark']:.0%} of pixels are below .02 and {gain['share_bright']:.0%} above "
        f".98. The rule 0.55 / median gives a gain of {gain['by_median_rule']:.3g}."
    )
    if max(gain["share_censored"], gain["share_zero"]) > 0.02:
        text += (
            f" {gain['share_censored']:.1%} of pixels are white and {gain['share_zero']:.1%} black:"
            " what they were before tanh is a guess."
        )
    return text


def _on_rows(rows: dict[str, Any]) -> str:
    hz = np.array(rows["frequency_hz"])
    share = np.array(rows["between_track_share"])
    bands = np.array_split(np.arange(len(hz)), min(_BANDS, len(hz)))
    apart = [float(share[band].mean()) for band in bands]
    moving = [float(np.mean(np.array(rows["within_clips_variance"])[band])) for band in bands]
    best, rhythm = bands[int(np.argmax(apart))], bands[int(np.argmax(moving))]
    return (
        f"Of a row's variance {min(apart):.0%} to {max(apart):.0%} lies between tracks, most at "
        f"{hz[best[0]]:.0f} to {hz[best[-1]]:.0f} Hz: rows that tell tracks apart. Rows change "
        f"most within clips at {hz[rhythm[0]]:.0f} to {hz[rhythm[-1]]:.0f} Hz: rhythm shows there."
    )


def _on_components(components: dict[str, Any]) -> str:
    images, frames = components["images"], components["frames"]
    return (
        f"Images, reduced to {images['dimensions']} blocks, need {images['needed_for']['90%']} "
        f"components for 90 % of their variance (effective rank {images['effective_rank']:.0f}); "
        f"single frames {frames['needed_for']['90%']} of {frames['dimensions']} "
        f"(effective rank {frames['effective_rank']:.0f})."
    )


def _on_modulation(modulation: dict[str, Any]) -> str:
    hz = np.array(modulation["frequency_hz"])
    shares = np.array(modulation["shares"])
    in_groove = (hz >= _GROOVE_HZ[0]) & (hz < _GROOVE_HZ[1])
    by_band = shares[:, in_groove].sum(axis=1)
    best = int(np.argmax(by_band))
    low, high = modulation["bands_hz"][best]
    top = f"{_GROOVE_HZ[0]:g} to {_GROOVE_HZ[1]:g} Hz"
    return (
        f"Envelopes hold {by_band.min():.0%} to {by_band.max():.0%} of their movement at {top}, "
        f"where beats are; most in the band {low:.0f} to {high:.0f} Hz. Frames reach "
        f"{hz[-1]:.1f} Hz."
    )


def _on_audio(report: dict[str, Any]) -> str:
    audio = report["audio"]
    parts = [
        f"{audio['clipping_tracks']} of {report['tracks']} tracks clip",
        f"{report['clips']['black']} of {report['clips']['total']} clips are silent",
    ]
    low_pass = audio["low_pass_hz"]
    if low_pass["known"]:
        median = low_pass["quantiles"][3]
        parts.append(
            f"of {low_pass['measured']} tracks listened to whole, the encoder cut off the treble "
            f"of {low_pass['known']} (median {median:.0f} Hz)"
        )
    return f"{', '.join(parts)}."
