"""What people look at: the data report, figures and the static page of a release."""

import json

from prefect import task
from prefect.artifacts import create_image_artifact, create_markdown_artifact

from autogroove.config import Settings
from autogroove.evaluation.data_report import (
    DATA_PICTURE,
    analyse_segment_once,
    find_data_report,
    make_data_report_once,
    measure_treble_once,
    plan_treble,
)
from autogroove.figures import (
    png_data_uri,
)
from autogroove.listening.report import (
    draw_pictures_once,
    render_page_once,
)
from autogroove.model import ModelSummary, computing_with
from autogroove.releases import Decision
from autogroove.runs import Listing
from autogroove.segments import Member
from autogroove.source import Source, load_catalogue
from autogroove.store import (
    CachedParts,
    PartRef,
    Store,
    read_part,
)
from tasks.execution import retrying
from tasks.markdown import code_span, escape_markdown


def find_report(store: Store, catalogue_key: str, settings: Settings) -> CachedParts | None:
    """The data report of a catalogue, where it was made before."""
    return find_data_report(store, catalogue_key, settings)


@task(
    name="analyse-segment",
    task_run_name="analyse {position}",
    **retrying(hours=4),
)
def analyse(
    store: Store, catalogue_key: str, recipe_key: str, segment_key: str, position: str
) -> str:
    """Count the images of one segment; the key of its statistics."""
    catalogue = load_catalogue(store, catalogue_key)
    members = catalogue.loc[catalogue["segment"] == segment_key, "fingerprint"]
    with computing_with(1):
        return analyse_segment_once(store, recipe_key, segment_key, set(members))


def list_treble_batches(store: Store, catalogue_key: str) -> list[tuple[Member, ...]]:
    """The tracks whose treble is looked at, in batches of one task each."""
    return plan_treble(load_catalogue(store, catalogue_key))


@task(name="measure-treble", task_run_name="treble {position}", **retrying())
def measure_treble(store: Store, source: Source, batch: tuple[Member, ...], position: str) -> str:
    """Find where encoders cut the treble of some tracks; the key of what was found."""
    with computing_with(1):
        return measure_treble_once(batch, source, store)


@task(name="report-data", task_run_name="report data", **retrying(hours=4))
def report(
    store: Store,
    catalogue_key: str,
    settings: Settings,
    statistics_keys: list[str],
    treble_keys: list[str],
) -> CachedParts:
    """Merge what was counted; part `analysis`, and one part a picture."""

    with computing_with(1):
        made = make_data_report_once(store, catalogue_key, settings, statistics_keys, treble_keys)
    if not made.reused:
        findings = json.loads(read_part(store, made["analysis"]))["findings"]
        create_markdown_artifact(
            "\n".join(["# What the spectrograms are like", "", *_list(findings)]),
            key="data-report",
            description="Findings of the data report",
        )
    for name, part in made.parts.items():
        if name.startswith(DATA_PICTURE):
            uri = png_data_uri(read_part(store, part))
            create_image_artifact(image_url=uri, key=name, description="Data report")
    return made


def _list(findings: list[str]) -> list[str]:
    return [f"- {escape_markdown(finding)}" for finding in findings]


_DESCRIPTIONS = {
    "loss-curve": "Loss of the model by epoch, on the tracks it learns from and on held-out ones",
    "reconstructions": "Spectrograms above, and below what the model made of their encodings",
    "cluster-map": "Tracks by their encodings' first two principal components, by cluster",
}


@task(
    name="draw-pictures",
    task_run_name="draw pictures",
    **retrying(),
)
def draw(
    store: Store,
    catalogue_key: str,
    recipe_key: str,
    model: ModelSummary,
    track_encodings: PartRef,
    clusters: PartRef,
) -> CachedParts:
    """Loss curve, reconstructions and cluster map as PNG, shown in the UI."""

    with computing_with(1):
        made = draw_pictures_once(
            store, catalogue_key, recipe_key, model, track_encodings, clusters
        )
    for name, part in made.parts.items():
        uri = png_data_uri(read_part(store, part))
        create_image_artifact(image_url=uri, key=name, description=_DESCRIPTIONS[name])
    return made


@task(name="render-page", task_run_name="render page", **retrying())
def render(
    store: Store,
    listing: Listing,
    catalogue_key: str,
    settings: Settings,
    model: ModelSummary,
    track_encodings: PartRef,
    clusters: CachedParts,
    card: PartRef,
    pictures: dict[str, PartRef],
    decisions: dict[str, Decision],
) -> CachedParts:
    """One HTML file that shows the release and needs nothing else; part `report`."""

    made = render_page_once(
        store,
        catalogue_key,
        settings,
        model,
        track_encodings,
        clusters,
        card,
        pictures,
        notes=[f"{name} {decision}" for name, decision in decisions.items()],
        source=(listing.kind, listing.url),
    )
    place = store.locate(made["report"].key)
    create_markdown_artifact(
        f"The page of this release: {code_span(place)}", key="page", description="Static page"
    )
    return made
