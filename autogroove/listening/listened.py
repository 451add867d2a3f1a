"""What listening asks of a release.

What belongs here: the protocol, which `autogroove.open_release` keeps, and so may a test's arrays.
What does not: any class that keeps it.
"""

from datetime import datetime
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray


class ListenedRelease(Protocol):
    """What listening reads of a release; `autogroove.open_release` gives one."""

    @property
    def number(self) -> int:
        """The number of the release."""
        ...

    @property
    def catalogue(self) -> pd.DataFrame:
        """One row a track of the source."""
        ...

    @property
    def track_ids(self) -> NDArray[np.int64]:
        """Tracks with an encoding, int64 (n,)."""
        ...

    @property
    def encodings(self) -> NDArray[np.float32]:
        """Their encodings, float32 (n, d)."""
        ...

    @property
    def encoding_parts(self) -> dict[str, slice]:
        """Where tempo, rhythm and sound lie in an encoding; empty without parts."""
        ...

    @property
    def clusters(self) -> pd.DataFrame:
        """Columns track_id, cluster, exemplar."""
        ...

    @property
    def source_url(self) -> str:
        """Where the audio was."""
        ...

    @property
    def settings(self) -> dict[str, Any]:
        """The settings as JSON."""
        ...

    def tracks_before(self, when: datetime) -> frozenset[int]:
        """What the release that was current at a time had, by id."""
        ...

    def clips(self, track_id: int) -> NDArray[np.uint8]:
        """Spectrograms uint8 (clips, num_bins, num_frames)."""
        ...

    def clip_encodings(self, track_id: int) -> NDArray[np.float32]:
        """Encodings float32 (clips, d)."""
        ...
