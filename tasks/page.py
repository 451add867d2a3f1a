"""The static page of a release.

What belongs here: gathering what the page shows. What does not: the page (`autogroove.report`).
"""

import json

from prefect import task
from prefect.artifacts import create_markdown_artifact

from autogroove.catalogue.table import load_catalogue
from autogroove.config import Settings
from autogroove.identity import make_key
from autogroove.memo import Made, make_once
from autogroove.model.stored import ModelSummary
from autogroove.releases import Decision, PartRef, put_bytes, read_part
from autogroove.releases.tables import read_clusters, read_track_encodings
from autogroove.report import ReportInputs, render_report
from autogroove.storage import Store
from tasks.collection import Listing
from tasks.evaluation import read_card
from tasks.faults import retrying

_FORMAT = 1


@task(name="render-page", task_run_name="render page", **retrying())
def render(
    store_url: str,
    listing: Listing,
    catalogue_key: str,
    settings: Settings,
    model: ModelSummary,
    track_encodings: PartRef,
    clusters: Made,
    card: PartRef,
    pictures: dict[str, PartRef],
    decisions: dict[str, Decision],
) -> Made:
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
