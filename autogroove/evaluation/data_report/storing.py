"""The data report of a catalogue in the store: numbers, sentences and pictures."""

from autogroove.config import Settings
from autogroove.evaluation.data_report.counting import ANALYSIS_VERSION, read_statistics
from autogroove.evaluation.data_report.drawing import REPORT_PICTURES, draw_report
from autogroove.evaluation.data_report.statistics import merge_statistics
from autogroove.evaluation.data_report.summary import summarise
from autogroove.evaluation.data_report.treble import read_treble
from autogroove.store import (
    CachedParts,
    PartRef,
    Store,
    make_key,
    make_once,
    put_bytes,
    put_json,
    read_cached,
)

DATA_PICTURE = "data-"
"""What names of the report's pictures begin with."""
_KIND = "analysis"
DATA_PICTURES = tuple(f"{DATA_PICTURE}{name}" for name in REPORT_PICTURES)
"""Those names, in the order that the pictures are drawn in."""
_NAMES = ("analysis", *DATA_PICTURES)


def find_data_report(store: Store, catalogue_key: str, settings: Settings) -> CachedParts | None:
    """The data report of a catalogue, where it was made before."""
    return read_cached(store, _KIND, _key(catalogue_key, settings), _NAMES)


def make_data_report_once(
    store: Store,
    catalogue_key: str,
    settings: Settings,
    statistics_keys: list[str],
    treble_keys: list[str],
) -> CachedParts:
    """Merge what was counted; part `analysis`, and one part a picture."""

    def make() -> dict[str, PartRef]:
        counted = (read_statistics(store, key) for key in statistics_keys)
        treble = read_treble(store, treble_keys)
        summary = summarise(merge_statistics(counted), settings, treble)
        pictures = {
            f"{DATA_PICTURE}{name}": put_bytes(store, "pictures", ".png", png)
            for name, png in draw_report(summary).items()
        }
        return {"analysis": put_json(store, "analyses", summary), **pictures}

    return make_once(store, _KIND, _key(catalogue_key, settings), make, names=_NAMES)


def _key(catalogue_key: str, settings: Settings) -> str:
    return make_key(_KIND, ANALYSIS_VERSION, catalogue_key, settings.clip, settings.spectrogram)
