"""How much of the images is kept in a code.

What belongs here: row 10 of the card, the fraction of variance unexplained.
"""

import numpy as np

from autogroove.evaluation.figures import Figure, NotMeasurable, estimate_ratio
from autogroove.evaluation.hearing import Hearing


def measure_unexplained(hearing: Hearing) -> Figure:
    """Squared error of reconstructions ÷ squared error of the mean training image.

    1 is what the mean image alone gives, 0 is perfect. Measured on held-out tracks where they are
    known.

    Raises:
        NotMeasurable: this encoder has no decoder, or its images were not at hand.
    """
    encoded, collection = hearing.encoded, hearing.collection
    if encoded.squared_errors is None or encoded.mean_errors is None:
        raise NotMeasurable("there is nothing that was reconstructed")
    kept = np.ones(len(collection.clip_tracks), bool)
    if collection.held_out is not None and collection.held_out.any():
        kept = collection.held_out[collection.clip_tracks]
    artists = collection.artists[collection.clip_tracks[kept]]
    errors, mean_errors = encoded.squared_errors[kept], encoded.mean_errors[kept]
    return estimate_ratio(errors, mean_errors, artists, **hearing.resampling)
