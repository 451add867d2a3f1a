"""A release of made-up encodings, of any number of tracks, without audio or spectrograms."""

from playlists import make_up

from autogroove.clustering import write_clusters
from autogroove.config import Settings
from autogroove.model import write_track_encodings
from autogroove.releases import Counts, Coverage, ModelPart, ReleaseParts, publish_release
from autogroove.source import write_catalogue
from autogroove.store import Store, put_bytes, put_json


def publish_made_up(store: Store, num: int, *, num_artists: int | None = None) -> None:
    """Publish a release of so many tracks, by so many artists where that is said."""
    made = make_up(num)
    catalogue = made.catalogue.assign(status="stored", size_bytes=1)
    if num_artists is not None:
        catalogue["artist"] = [f"Artist {at % num_artists}" for at in range(num)]
    nothing = put_bytes(store, "models", ".bin", b"nothing")
    labels, exemplars = made.clusters["cluster"], made.clusters["exemplar"]
    parts = ReleaseParts(
        catalogue=put_bytes(store, "catalogues", ".parquet", write_catalogue(catalogue)),
        segments=(),
        model=ModelPart(model_key="none", weights=nothing, description=nothing),
        encodings=(),
        track_encodings=put_bytes(
            store,
            "track_encodings",
            ".parquet",
            write_track_encodings(made.track_ids, made.encodings),
        ),
        clusters=put_bytes(
            store, "clusters", ".parquet", write_clusters(made.track_ids, labels, exemplars)
        ),
        cluster_report=put_json(store, "clusters", {}),
        card=put_json(store, "cards", {"rows": []}),
        settings=Settings().model_dump(mode="json"),
        source_kind="folder",
        source_url="/made-up",
        coverage=Coverage(source=num, stored=num, quarantined=0, excluded=0),
        counts=Counts(tracks=num, clips=3 * num, clusters=int(labels.nunique())),
        next_cluster=300,
    )
    publish_release(store, parts)
