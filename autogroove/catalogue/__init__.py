"""From a place that holds music to a table of its tracks.

What belongs here: the public names of the package.
What does not: code.
"""

from autogroove.catalogue.reasons import Reason
from autogroove.catalogue.tracks import Source, Track, TrackMetadata

__all__ = ["Reason", "Source", "Track", "TrackMetadata"]
