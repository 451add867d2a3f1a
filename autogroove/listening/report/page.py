"""The report as HTML text, and what it is made of."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment, StrictUndefined
from numpy.typing import NDArray

from autogroove.clustering import read_clusters
from autogroove.config import Settings
from autogroove.errors import ReleaseError
from autogroove.listening.clusters import describe_cluster_views
from autogroove.listening.explorer.layout import draw_landscape, place_tracks
from autogroove.listening.library import TrackLibrary, open_collection
from autogroove.listening.report.charts import lay_strip, place_dots, trace_losses
from autogroove.model import ModelSummary, read_track_encodings
from autogroove.source import load_catalogue
from autogroove.store import CachedParts, PartRef, Store, make_key, make_once, put_bytes, read_part

_FORMAT = 1


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

    @property
    def encoding_parts(self) -> dict[str, slice]:
        """A report weighs nothing."""
        return {}

    def tracks_before(self, when: datetime) -> frozenset[int]:
        """A report knows no earlier release."""
        return frozenset()

    def clips(self, track_id: int) -> NDArray[np.uint8]:
        """A report opens no segment."""
        raise ReleaseError(f"A report has no clips of track {track_id}.")

    def clip_encodings(self, track_id: int) -> NDArray[np.float32]:
        """A report compares no clips."""
        raise ReleaseError(f"A report has no clip encodings of track {track_id}.")


MOST_CLUSTERS = 60

MOST_MEMBERS = 8

MOST_REASONS = 30

_TEMPLATE = Path(__file__).with_name("report.html")


def render_report(inputs: ReportInputs) -> str:
    """One HTML page: summary, coverage, card, map, stations, training, pictures, settings.

    It needs no network, no script and no other file; pictures are in it as data. Equal inputs
    give equal text. Everything that comes from tags is escaped.
    """
    collection = open_collection(inputs)
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    rows = inputs.card.get("rows", [])
    losses = {"training": inputs.train_loss, "development": inputs.dev_loss}
    return template.render(
        inputs=inputs,
        version=version("autogroove"),
        counts=_count(inputs, collection),
        reasons=_count_reasons(inputs.catalogue),
        strips=[lay_strip(row) for row in rows if row.get("value") is not None],
        silent=[row for row in rows if row.get("value") is None],
        dots=_place_dots(inputs, collection),
        stations=_describe_cluster_views(collection),
        curves=trace_losses(losses),
        pictures={name: _embed(png) for name, png in inputs.pictures.items()},
        settings=_flatten(inputs.settings),
        clustering=_flatten(dict(inputs.cluster_report)),
    )


def _count(inputs: ReportInputs, collection: TrackLibrary) -> dict[str, int]:
    status = inputs.catalogue["status"].value_counts()
    return {
        "source": len(inputs.catalogue),
        "stored": int(status.get("stored", 0)),
        "quarantined": int(status.get("quarantined", 0)),
        "excluded": int(status.get("excluded", 0)),
        "clips": int(pd.to_numeric(inputs.catalogue["clips"]).fillna(0).sum()),
        "clusters": len(np.unique(inputs.clusters["cluster"])),
        "artists": len(np.unique(collection.artists)),
    }


def _count_reasons(catalogue: pd.DataFrame) -> list[dict[str, Any]]:
    """Tracks left out, by status and reason, with one path as an example, or a title."""
    left_out = catalogue[catalogue["reason"].notna()]
    names = left_out["path"].fillna(left_out["title"]).fillna("")
    by_reason = names.groupby([left_out["status"], left_out["reason"]], sort=True)
    groups = by_reason.agg(["size", "first"])
    ranked = groups.sort_values("size", ascending=False, kind="stable").head(MOST_REASONS)
    keys = ("status", "reason", "count", "example")
    return [dict(zip(keys, row, strict=True)) for row in ranked.reset_index().to_numpy().tolist()]


def _place_dots(inputs: ReportInputs, collection: TrackLibrary) -> list[Any]:
    track_ids = np.asarray(list(collection.positions), np.int64)
    exemplars = np.flatnonzero(collection.is_exemplar)
    landscape = draw_landscape(track_ids, inputs.encodings, exemplars)
    places = place_tracks(landscape, track_ids, inputs.encodings)
    names = [collection.song(at).name for at in range(len(collection))]
    return place_dots(places, collection.cluster_of, collection.is_exemplar, names)


def _describe_cluster_views(collection: TrackLibrary) -> list[dict[str, Any]]:
    found = []
    for station in describe_cluster_views(collection)[:MOST_CLUSTERS]:
        members = [collection.positions[each] for each in station.track_ids[1 : MOST_MEMBERS + 1]]
        found.append(
            {
                "station": station,
                "hue": int(station.cluster * 137.508 + 290) % 360,
                "members": [collection.song(at) for at in members],
            }
        )
    return found


def _embed(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode()


def _flatten(tree: dict[str, Any], name: str = "") -> list[tuple[str, str]]:
    """Dotted names and short values of a JSON tree."""
    rows: list[tuple[str, str]] = []
    for key, value in tree.items():
        dotted = f"{name}.{key}" if name else str(key)
        if isinstance(value, dict):
            rows += _flatten(value, dotted)
        else:
            text = f"{value:g}" if isinstance(value, float) else str(value)
            text = "–" if value is None else text
            rows.append((dotted, text if len(text) <= 120 else text[:119] + "…"))
    return rows


def render_page_once(
    store: Store,
    catalogue_key: str,
    settings: Settings,
    model: ModelSummary,
    track_encodings: PartRef,
    clusters: CachedParts,
    card: PartRef,
    pictures: Mapping[str, PartRef],
    *,
    notes: Sequence[str],
    source: tuple[str, str],
) -> CachedParts:
    """The page of a release from what is in the store; part `report`.

    `notes` are decisions in words, `source` its kind and URL.
    """

    def make() -> dict[str, PartRef]:
        page = render_page(
            store,
            catalogue_key,
            settings,
            model,
            track_encodings,
            clusters,
            card,
            pictures,
            notes=notes,
            source=source,
        )
        return {"report": put_bytes(store, "reports", ".html", page)}

    shown = {name: part.sha256 for name, part in pictures.items()}
    inputs = [catalogue_key, card.sha256, clusters["clusters"].sha256, shown]
    return make_once(store, "page", make_key("page", _FORMAT, inputs), make, names={"report"})


def render_page(
    store: Store,
    catalogue_key: str,
    settings: Settings,
    model: ModelSummary,
    track_encodings: PartRef,
    clusters: CachedParts,
    card: PartRef,
    pictures: Mapping[str, PartRef],
    *,
    notes: Sequence[str],
    source: tuple[str, str],
) -> bytes:
    """The same page as bytes of HTML; pictures are in the order that they are given in."""
    track_ids, encodings = read_track_encodings(read_part(store, track_encodings))
    page = render_report(
        ReportInputs(
            catalogue=load_catalogue(store, catalogue_key),
            track_ids=track_ids,
            encodings=encodings,
            clusters=read_clusters(read_part(store, clusters["clusters"])),
            card=json.loads(read_part(store, card)),
            settings=settings.model_dump(mode="json"),
            source_url=source[1],
            source_kind=source[0],
            train_loss=model.train_loss,
            dev_loss=model.dev_loss,
            cluster_report=json.loads(read_part(store, clusters["report"])),
            notes=list(notes),
            pictures={name: read_part(store, part) for name, part in pictures.items()},
        )
    )
    return page.encode()
