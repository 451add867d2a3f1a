"""What a report is made of.

What belongs here: the value that a caller fills, before or after a release is published.
What does not: reading a store; a caller has the parts at hand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autogroove.errors import ReleaseError

if TYPE_CHECKING:
    from autogroove.releases import Release


@dataclass(frozen=True)
class ReportInputs:
    """The parts of one release, in memory.

    `catalogue` is complete; `track_ids` int64 (n,) and `encodings` float32 (n, d) as published;
    `clusters` has columns track_id, cluster, exemplar; `card` is its JSON; `settings` the JSON of
    `Settings`; losses are one value an epoch; `notes` are lines of text about decisions;
    `pictures` are PNG bytes by caption. `release` is None before it has a number.
    """

    catalogue: pd.DataFrame
    track_ids: NDArray[np.int64]
    encodings: NDArray[np.float32]
    clusters: pd.DataFrame
    card: Mapping[str, Any]
    settings: dict[str, Any]
    source_url: str
    source_kind: str = ""
    train_loss: Sequence[float] = ()
    dev_loss: Sequence[float] = ()
    cluster_report: Mapping[str, Any] = field(default_factory=dict)
    notes: Sequence[str] = ()
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    release: int | None = None

    @property
    def number(self) -> int:
        """The release's number, 0 before it has one."""
        return self.release or 0

    def clips(self, track_id: int) -> NDArray[np.uint8]:
        """A report opens no segment."""
        raise ReleaseError(f"A report has no clips of track {track_id}.")

    def clip_encodings(self, track_id: int) -> NDArray[np.float32]:
        """A report compares no clips."""
        raise ReleaseError(f"A report has no clip encodings of track {track_id}.")

    @classmethod
    def of_release(cls, release: "Release") -> Self:
        """Everything that a published release says of itself."""
        from autogroove.model.stored import read_summary  # PyTorch: seconds to import

        parts = release.manifest.parts
        summary = read_summary(release.store, parts.model.model_key)
        return cls(
            catalogue=release.catalogue,
            track_ids=release.track_ids,
            encodings=release.encodings,
            clusters=release.clusters,
            card=release.card,
            settings=release.settings,
            source_url=release.source_url,
            source_kind=parts.source_kind,
            train_loss=summary.train_loss,
            dev_loss=summary.dev_loss,
            cluster_report=release.cluster_report,
            notes=[f"{n} {d}" for n, d in parts.policy.items()],
            pictures={name: release.picture(name) for name in parts.pictures},
            release=release.number,
        )
