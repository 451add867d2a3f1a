"""Collections to cluster, and scikit-learn as the judge."""

import warnings

import numpy as np
import numpy.typing as npt
from sklearn.cluster._affinity_propagation import _affinity_propagation

from autogroove.clustering.similarity import JITTER, add_jitter, build_similarities


def make_blobs(num_tracks: int, size: int = 16, seed: int = 0) -> npt.NDArray[np.float32]:
    random = np.random.default_rng(seed)
    centres = 2 * random.normal(size=(max(2, num_tracks // 40), size))
    noise = random.normal(size=(num_tracks, size))
    return (centres[random.integers(len(centres), size=num_tracks)] + noise).astype(np.float32)


def make_music(num_tracks: int, size: int = 64, seed: int = 0) -> npt.NDArray[np.float32]:
    """Genres by Zipf's law, artists within them, tracks, outliers."""
    random = np.random.default_rng(seed)
    num_genres = max(4, num_tracks // 50)
    share = 1 / np.arange(1, num_genres + 1)
    genres = random.normal(size=(num_genres, size))
    artists = genres[random.choice(num_genres, num_tracks // 6, p=share / share.sum())]
    artists = artists + 0.5 * random.normal(size=artists.shape)
    tracks = artists[random.integers(len(artists), size=num_tracks)]
    tracks = tracks + 0.35 * random.normal(size=tracks.shape)
    outliers = random.random(num_tracks) < 0.02
    tracks[outliers] += 1.5 * random.normal(size=(int(outliers.sum()), size))
    return (tracks * np.exp(-np.arange(size) / 16)).astype(np.float32)


def make_similarities(points: npt.NDArray[np.float32], quantile: float):
    """Similarities with the jitter that ours would add, and a preference from the quantile."""
    similarities = build_similarities(points)
    preference = float(np.quantile(similarities, quantile))
    add_jitter(similarities, JITTER * (abs(preference) or 1.0))
    return similarities, preference


class _NoNoise:
    """Stands for the random state whose noise, of 1e-16 parts, scikit-learn adds to break ties:
    the similarities have their ties broken already, and both sides must see the same ones."""

    def standard_normal(self, size):
        return np.zeros(size)


def ask_peer(similarities, preference, *, damping=0.5, max_iterations=200, window=15):
    """scikit-learn's exemplars, labels and iterations for the same similarities."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _affinity_propagation(
            similarities.astype(np.float64),
            preference=np.asarray(preference, dtype=np.float64),
            convergence_iter=window,
            max_iter=max_iterations,
            damping=damping,
            verbose=False,
            return_n_iter=True,
            random_state=_NoNoise(),
        )
