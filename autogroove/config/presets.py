"""What each preset changes from the defaults of the sections."""

from typing import Any

PRESETS: dict[str, dict[str, Any]] = {
    "poster": {},
    "groove": {
        # Time over pitch: 19 ms a frame holds sixteenths of any tempo. Hats are above 8 kHz;
        # the rate is 22,050 Hz, and resampling blurs what is close to half of it.
        # Relative to the clip's own peak, because the loudness of collections differs more than
        # that of their clips.
        "spectrogram": {
            "scale": "mel",
            "num_bins": 64,
            "num_frames": 512,
            "window_samples": 1024,
            "hop_samples": 429,
            "mel_top_hz": 10000.0,
            "normalisation": "clip_peak",
            "gain": 20.0,
        },
        "model": {"kind": "groove", "code_size": 128},
        "training": {"objective": "pairs", "epochs": 30, "batch_size": 32},
    },
}
"""What each preset changes from the defaults of the sections."""
