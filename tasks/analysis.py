"""The data report: counting segments on Dask, then one summary with its pictures.

What belongs here: the tasks around `autogroove.analysis`. What does not: any statistic.
"""

from prefect import task
from prefect.artifacts import create_image_artifact, create_markdown_artifact

from autogroove.analysis import (
    ANALYSIS_VERSION,
    analyse_segment_once,
    draw_report,
    measure_treble_once,
    merge_statistics,
    plan_treble,
    read_statistics,
    read_treble,
    summarise,
)
from autogroove.catalogue.table import load_catalogue
from autogroove.catalogue.tracks import Source
from autogroove.config import Settings
from autogroove.identity import make_key
from autogroove.memo import Made, make_once, recall
from autogroove.pictures import png_data_uri
from autogroove.releases import PartRef, put_bytes, put_json, read_part
from autogroove.segments import Member
from autogroove.storage import Store
from tasks.faults import retrying
from tasks.threads import computing_with

_KIND = "analysis"
_PICTURE = "data-"


def find_report(store_url: str, catalogue_key: str, settings: Settings) -> Made | None:
    """The data report of a catalogue, where it was made before."""
    return recall(Store(store_url), _KIND, _key(catalogue_key, settings))


@task(
    name="analyse-segment",
    task_run_name="analyse {position}",
    **retrying(hours=4),
)
def analyse(
    store_url: str, catalogue_key: str, recipe_key: str, segment_key: str, position: str
) -> str:
    """Count the images of one segment; the key of its statistics."""
    store = Store(store_url)
    catalogue = load_catalogue(store, catalogue_key)
    members = catalogue.loc[catalogue["segment"] == segment_key, "fingerprint"]
    with computing_with(1):
        return analyse_segment_once(store, recipe_key, segment_key, set(members))


def list_treble_batches(store_url: str, catalogue_key: str) -> list[tuple[Member, ...]]:
    """The tracks whose treble is looked at, in batches of one task each."""
    return plan_treble(load_catalogue(Store(store_url), catalogue_key))


@task(name="measure-treble", task_run_name="treble {position}", **retrying())
def measure_treble(store_url: str, source: Source, batch: tuple[Member, ...], position: str) -> str:
    """Find where encoders cut the treble of some tracks; the key of what was found."""
    with computing_with(1):
        return measure_treble_once(batch, source, Store(store_url))


@task(name="report-data", task_run_name="report data", **retrying(hours=4))
def report(
    store_url: str,
    catalogue_key: str,
    settings: Settings,
    statistics_keys: list[str],
    treble_keys: list[str],
) -> Made:
    """Merge what was counted; part `analysis`, and one part a picture."""
    store = Store(store_url)

    def make() -> dict[str, PartRef]:
        counted = (read_statistics(store, key) for key in statistics_keys)
        treble = read_treble(store, treble_keys)
        summary = summarise(merge_statistics(counted), settings, treble)
        pictures = {
            f"{_PICTURE}{name}": put_bytes(store, "pictures", ".png", png)
            for name, png in draw_report(summary).items()
        }
        create_markdown_artifact(
            "\n".join(["# What the spectrograms are like", "", *_list(summary["findings"])]),
            key="data-report",
            description="Findings of the data report",
        )
        return {"analysis": put_json(store, "analyses", summary), **pictures}

    with computing_with(1):
        made = make_once(store, _KIND, _key(catalogue_key, settings), make)
    for name, part in made.parts.items():
        if name.startswith(_PICTURE):
            uri = png_data_uri(read_part(store, part))
            create_image_artifact(image_url=uri, key=name, description="Data report")
    return made


def _key(catalogue_key: str, settings: Settings) -> str:
    return make_key(_KIND, ANALYSIS_VERSION, catalogue_key, settings.clip, settings.spectrogram)


def _list(findings: list[str]) -> list[str]:
    return [f"- {finding}" for finding in findings]
