"""The data report: what the spectrograms of a collection are like, and which of it matters.

What belongs here: the names that the rest of the house uses.
What does not: code.

Each segment is counted by itself (`analyse_segment`, or `analyse_segment_once` from a task), the
counts are merged, and the merged counts summarised and drawn. The report answers the poster's
wish to analyse the spectrograms statistically and learn which features matter.
"""

from autogroove.analysis.counting import (
    ANALYSIS_VERSION,
    analyse_segment,
    analyse_segment_once,
    read_statistics,
)
from autogroove.analysis.drawing import draw_report
from autogroove.analysis.statistics import (
    Statistics,
    merge_statistics,
    pack_statistics,
    unpack_statistics,
)
from autogroove.analysis.summary import summarise
from autogroove.analysis.treble import measure_treble_once, plan_treble, read_treble

__all__ = [
    "ANALYSIS_VERSION",
    "Statistics",
    "analyse_segment",
    "analyse_segment_once",
    "draw_report",
    "measure_treble_once",
    "merge_statistics",
    "pack_statistics",
    "plan_treble",
    "read_statistics",
    "read_treble",
    "summarise",
    "unpack_statistics",
]
