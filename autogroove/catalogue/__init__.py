"""From a place that holds music to a table of its tracks.

What belongs here: the public names of the package.
What does not: code.
"""

from autogroove.catalogue.comparison import Changes, compare_catalogues, compare_listing
from autogroove.catalogue.reasons import Reason
from autogroove.catalogue.scan import Scan, preview_scan, scan_source
from autogroove.catalogue.sources import Collection, open_source
from autogroove.catalogue.table import SCHEMA, read_catalogue, write_catalogue
from autogroove.catalogue.tracks import Source, Track, TrackMetadata

__all__ = [
    "SCHEMA",
    "Changes",
    "Collection",
    "Reason",
    "Scan",
    "Source",
    "Track",
    "TrackMetadata",
    "compare_catalogues",
    "compare_listing",
    "open_source",
    "preview_scan",
    "read_catalogue",
    "scan_source",
    "write_catalogue",
]
