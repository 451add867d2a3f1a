"""What a clip sounds like when its order in time is forgotten.

What belongs here: MFCC statistics, the baseline that hears timbre and no groove.
What does not: the mel spectra that they are made of (`onsets`).
"""

import numpy as np
import scipy.fft
from numpy.typing import NDArray

NUM_COEFFICIENTS = 20


def summarise_timbre(mel: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean and deviation of 20 MFCCs, and the deviation of their first difference.

    Args:
        mel: (num_frames, NUM_MELS) power of one clip.

    Returns:
        (60,) float32, finite for silence too.
    """
    decibels = 10 * np.log10(np.maximum(mel, 1e-10))
    cepstrum = scipy.fft.dct(decibels, axis=1, norm="ortho")[:, :NUM_COEFFICIENTS]
    change = np.diff(cepstrum, axis=0)
    parts = (cepstrum.mean(axis=0), cepstrum.std(axis=0), change.std(axis=0))
    return np.concatenate(parts).astype(np.float32)
