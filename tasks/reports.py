"""What people look at: the data report, figures and the static page of a release."""

import json

import numpy as np
import pandas as pd
from prefect import task
from prefect.artifacts import create_image_artifact, create_markdown_artifact

from autogroove.clustering import read_clusters
from autogroove.config import Settings
from autogroove.evaluation.data_report import (
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
from autogroove.figures import (
    draw_cluster_map,
    draw_loss_curve,
    draw_reconstructions,
    png_data_uri,
    project_encodings,
)
from autogroove.listening.report import ReportInputs, render_report
from autogroove.model import ModelSummary, load_model, read_track_encodings, reconstruct
from autogroove.releases import Decision
from autogroove.segments import Member, open_clips
from autogroove.source import Source, load_catalogue
from autogroove.store import (
    CachedParts,
    PartRef,
    Store,
    make_key,
    make_once,
    put_bytes,
    put_json,
    read_cached,
    read_part,
)
from tasks.collection import Listing
from tasks.evaluation import read_card
from tasks.execution import computing_with, retrying

_KIND = "analysis"

_PICTURE = "data-"


def find_report(store_url: str, catalogue_key: str, settings: Settings) -> CachedParts | None:
    """The data report of a catalogue, where it was made before."""
    return read_cached(Store(store_url), _KIND, _key(catalogue_key, settings))


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
) -> CachedParts:
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


_FORMAT = 1

_NUM_RECONSTRUCTIONS = 6

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
    store_url: str,
    catalogue_key: str,
    recipe_key: str,
    model: ModelSummary,
    track_encodings: PartRef,
    clusters: PartRef,
) -> CachedParts:
    """Loss curve, reconstructions and cluster map as PNG, shown in the UI."""
    store = Store(store_url)

    def make() -> dict[str, PartRef]:
        catalogue = load_catalogue(store, catalogue_key)
        drawn = {
            "loss-curve": draw_loss_curve(model),
            "reconstructions": _draw_reconstructions(store, catalogue, recipe_key, model),
            "cluster-map": _draw_map(store, catalogue, track_encodings, clusters),
        }
        return {name: put_bytes(store, "pictures", ".png", png) for name, png in drawn.items()}

    inputs = [catalogue_key, model.weights_digest, track_encodings.sha256, clusters.sha256]
    with computing_with(1):
        made = make_once(store, "pictures", make_key("pictures", _FORMAT, inputs), make)
    for name, part in made.parts.items():
        uri = png_data_uri(read_part(store, part))
        create_image_artifact(image_url=uri, key=name, description=_DESCRIPTIONS[name])
    return made


def _draw_reconstructions(
    store: Store, catalogue: pd.DataFrame, recipe_key: str, model: ModelSummary
) -> bytes:
    """Clips that the model was not trained on, where the collection says which those are."""
    stored = catalogue[catalogue["status"] == "stored"]
    held_out = stored[stored["split"] == "validation"]
    rows = (held_out if len(held_out) else stored).head(_NUM_RECONSTRUCTIONS)
    places = zip(rows["segment"], rows["first_clip"], strict=True)
    images = np.stack([open_clips(store, recipe_key, str(s))[int(first)] for s, first in places])
    remade = reconstruct(load_model(store, model.model_key), images)
    return draw_reconstructions(images, remade, [str(t) for t in rows["title"].fillna("")])


def _draw_map(
    store: Store, catalogue: pd.DataFrame, track_encodings: PartRef, clusters: PartRef
) -> bytes:
    track_ids, encodings = read_track_encodings(read_part(store, track_encodings))
    table = read_clusters(read_part(store, clusters)).set_index("track_id").loc[track_ids]
    titles = catalogue.set_index("track_id").loc[track_ids, "title"].fillna("").astype(str)
    exemplars = np.flatnonzero(table["exemplar"].to_numpy())
    return draw_cluster_map(
        project_encodings(encodings),
        table["cluster"].to_numpy(),
        exemplars.tolist(),
        titles.iloc[exemplars].tolist(),
    )


@task(name="render-page", task_run_name="render page", **retrying())
def render(
    store_url: str,
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
    store = Store(store_url)

    def make() -> dict[str, PartRef]:
        track_ids, encodings = read_track_encodings(read_part(store, track_encodings))
        page = render_report(
            ReportInputs(
                catalogue=load_catalogue(store, catalogue_key),
                track_ids=track_ids,
                encodings=encodings,
                clusters=read_clusters(read_part(store, clusters["clusters"])),
                card=json.loads(read_card(store_url, card).to_json()),
                settings=settings.model_dump(mode="json"),
                source_url=listing.url,
                source_kind=listing.kind,
                train_loss=model.train_loss,
                dev_loss=model.dev_loss,
                cluster_report=json.loads(read_part(store, clusters["report"])),
                notes=[f"{n} {d}" for n, d in decisions.items()],
                pictures={name: read_part(store, part) for name, part in pictures.items()},
            )
        )
        return {"report": put_bytes(store, "reports", ".html", page.encode())}

    shown = {name: part.sha256 for name, part in pictures.items()}
    inputs = [catalogue_key, card.sha256, clusters["clusters"].sha256, shown]
    made = make_once(store, "page", make_key("page", _FORMAT, inputs), make)
    place = store.locate(made["report"].key)
    create_markdown_artifact(
        f"The page of this release: `{place}`", key="page", description="Static page"
    )
    return made
