"""Encodings to places on a plane, the same for the same encodings."""

import numpy as np
from numpy.typing import NDArray


def project_plane(centred: NDArray[np.floating]) -> NDArray[np.float64]:
    """Rows (n, d) with mean 0 to their first two principal components, (n, 2).

    The sign of each component is such that its largest coefficient is positive, so that equal
    rows give equal places. A component that does not exist is 0.
    """
    rows = np.asarray(centred, np.float64)
    _, _, directions = np.linalg.svd(rows, full_matrices=False)
    axes = np.zeros((2, rows.shape[1]))
    axes[: len(directions)] = directions[:2]
    largest = np.abs(axes).argmax(axis=1)
    signs = np.where(axes[[0, 1], largest] < 0, -1, 1)
    return np.asarray(rows @ (axes * signs[:, None]).T)
