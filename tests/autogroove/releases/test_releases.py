"""The release log: numbers given once, contents that can be read again."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError
from synthetic import CLIPS, Collection, put_release

import autogroove
from autogroove.errors import NotFoundError, ReleaseError, StoreError
from autogroove.releases.log import (
    current_release,
    list_releases,
    publish_release,
    read_manifest,
    releases_as_json,
    rollback,
)
from autogroove.releases.parts import Coverage, ReleaseParts, content_digest
from autogroove.releases.reading import open_release
from autogroove.store.artefacts import PartRef, put_bytes
from autogroove.store.capability import check_conditional_create
from autogroove.store.filesystems import hide_credentials
from autogroove.store.keys import digest_bytes
from autogroove.store.store import Store

PLAIN = Collection()


def test_public_names_are_these() -> None:
    assert sorted(autogroove.__all__) == ["Store", "open_release"]
    assert autogroove.open_release is open_release
    assert autogroove.Store is Store


def test_listing_loads_neither_torch_nor_zarr_nor_pandas() -> None:
    program = (
        "import sys, autogroove.releases as r; from autogroove import Store;"
        "r.releases_as_json(Store('/nowhere/at/all'));"
        "assert not {'torch', 'zarr', 'pandas', 'pyarrow', 's3fs'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=240)


def test_a_release_gives_back_what_was_put(store: Store) -> None:
    assert publish_release(store, put_release(store)).number == 1
    release = autogroove.open_release(store.url)
    assert release.number == 1
    assert release.catalogue["track_id"].tolist() == list(PLAIN.track_ids)
    for track_id in (0, 7, 23):
        assert np.array_equal(release.clips(track_id), PLAIN.images(track_id))
        encodings = release.clip_encodings(track_id)
        expected = PLAIN.images(track_id).reshape(CLIPS, -1)[:, :8] / np.float32(255)
        assert np.array_equal(encodings, expected.astype(np.float32))
        row = release.track_ids.tolist().index(track_id)
        assert np.allclose(release.encodings[row], encodings.mean(axis=0), atol=1e-6)
    assert release.encodings.dtype == np.float32
    assert release.clusters.columns.tolist() == ["track_id", "cluster", "exemplar"]
    assert release.clusters["exemplar"].sum() == PLAIN.num_clusters
    assert release.cluster_report["converged"] is True
    assert release.card["rows"][0]["value"] == 0.24
    assert release.picture("loss").startswith(b"\x89PNG")
    assert release.settings == PLAIN.settings


def test_what_a_release_does_not_have_is_said(local_store: Store) -> None:
    with pytest.raises(NotFoundError, match="no release yet"):
        open_release(local_store)
    publish_release(local_store, put_release(local_store))
    release = open_release(local_store)
    for ask in (release.clips, release.clip_encodings):
        with pytest.raises(NotFoundError, match="999"):
            ask(999)
    with pytest.raises(NotFoundError, match="loss"):
        release.picture("other")
    with pytest.raises(NotFoundError, match="no release 2"):
        open_release(local_store, 2)


def test_the_same_content_is_published_once(store: Store) -> None:
    parts = put_release(store)
    assert publish_release(store, parts).published
    again = parts.model_copy(update={"timings": {"all": 9.0}})
    outcome = publish_release(store, again)
    assert (outcome.number, outcome.published) == (1, False)
    forced = publish_release(store, again, force=True)
    assert (forced.number, forced.published) == (2, True)


def test_the_same_content_at_another_place_is_another_release(local_store: Store) -> None:
    parts = put_release(local_store)
    publish_release(local_store, parts)
    moved = parts.model_copy(update={"source_url": "/moved/there"})
    assert publish_release(local_store, moved).published
    assert not publish_release(local_store, moved).published
    assert rollback(local_store, to=1).number == 3
    assert open_release(local_store).source_url == parts.source_url


def test_the_demo_is_wherever_its_store_is(local_store: Store) -> None:
    demo = put_release(local_store).model_copy(update={"source_kind": "demo", "source_url": "demo"})
    publish_release(local_store, demo)
    again = demo.model_copy(update={"source_url": "/store/cache/demo-00"})
    assert not publish_release(local_store, again).published


def test_content_is_what_a_listener_gets_and_nothing_else(local_store: Store) -> None:
    parts = put_release(local_store)
    digest = content_digest(parts)
    same = {"timings": {"x": 1.0}, "source_url": "/x", "code_version": "9", "policy": {}}
    assert content_digest(parts.model_copy(update=same)) == digest
    backwards = {"segments": parts.segments[::-1], "encodings": parts.encodings[::-1]}
    assert content_digest(parts.model_copy(update=backwards)) == digest
    other = PartRef(key="x/y", sha256="0" * 64, size_bytes=1)
    for name in ("catalogue", "track_encodings", "clusters", "card", "analysis"):
        assert content_digest(parts.model_copy(update={name: other})) != digest
    for name in ("segments", "encodings"):
        fewer = {name: getattr(parts, name)[1:]}
        assert content_digest(parts.model_copy(update=fewer)) != digest
    weights = parts.model.model_copy(update={"weights": other})
    assert content_digest(parts.model_copy(update={"model": weights})) != digest


def test_nothing_is_published_that_is_not_whole(store: Store) -> None:
    parts = put_release(store)
    store.delete(parts.encodings[1].key)
    store.write(parts.card.key, b"{}")
    store.delete(parts.segments[0].index_key)
    with pytest.raises(ReleaseError, match="3 parts are not"):
        publish_release(store, parts)
    assert current_release(store) is None


def test_rolling_back_goes_back_and_then_forward_and_the_log_shows_it(store: Store) -> None:
    publish_release(store, put_release(store))
    publish_release(store, put_release(store, replace(PLAIN, track_ids=range(30))))
    assert rollback(store).number == 3
    assert len(open_release(store).catalogue) == 24
    assert rollback(store).number == 4
    assert len(open_release(store).catalogue) == 30
    assert not rollback(store, to=2).published
    assert rollback(store, to=1).number == 5
    rows = releases_as_json(store)
    assert [row["release"] for row in rows] == [1, 2, 3, 4, 5]
    assert [row["parent"] for row in rows] == [None, 1, 2, 3, 4]
    assert [row["rolled_back_from"] for row in rows] == [None, None, 2, 3, 4]
    assert [row["tracks"] for row in rows] == [24, 30, 24, 30, 24]
    assert read_manifest(store, 5).repeats == 1
    digests = [manifest.content_digest for manifest in list_releases(store)]
    assert digests[0] == digests[2] == digests[4] != digests[1] == digests[3]
    with pytest.raises(NotFoundError, match="no release 9"):
        rollback(store, to=9)


def test_there_is_nothing_before_the_first(local_store: Store) -> None:
    for _ in range(2):
        with pytest.raises(NotFoundError, match="no earlier release"):
            rollback(local_store)
        publish_release(local_store, put_release(local_store))


def test_cluster_ids_once_given_stay_given(local_store: Store) -> None:
    parts = put_release(local_store)
    publish_release(local_store, parts.model_copy(update={"next_cluster": 9}))
    second = put_release(local_store, replace(PLAIN, track_ids=range(30)))
    publish_release(local_store, second.model_copy(update={"next_cluster": 4}))
    rollback(local_store, to=1)
    assert [m.parts.next_cluster for m in list_releases(local_store)] == [9, 9, 9]


PUBLISHER = """
import sys
from autogroove.releases import ReleaseParts, publish_release
from autogroove.store import Store
store, parts = Store(sys.argv[1]), ReleaseParts.model_validate_json(sys.stdin.readline())
print("ready", store.names("releases"), flush=True)
sys.stdin.readline()
print(publish_release(store, parts).number)
"""


@pytest.mark.slow
def test_eight_publishers_at_once_get_eight_numbers(store: Store) -> None:
    publishers = []
    for n in range(8):
        parts = put_release(store, Collection(track_ids=range(n * 100, n * 100 + 4)))
        command = [sys.executable, "-c", PUBLISHER, store.url]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        publishers.append((subprocess.Popen(command, text=True, **pipes), parts))
    for process, parts in publishers:
        process.stdin.write(f"{parts.model_dump_json()}\n")
        process.stdin.flush()
        assert process.stdout.readline() == "ready []\n"
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda each: each[0].communicate("go\n", timeout=240), publishers))
    assert sorted(int(answer) for answer, _ in answers) == list(range(1, 9))
    log = list_releases(store)
    assert [manifest.parent for manifest in log] == [None, *range(1, 8)]
    assert {m.content_digest for m in log} == {content_digest(parts) for _, parts in publishers}


def test_equal_publishers_at_once_publish_once(store: Store) -> None:
    parts = put_release(store)
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda _: publish_release(store, parts), range(4)))
    assert sum(outcome.published for outcome in outcomes) == 1
    assert {outcome.number for outcome in outcomes} == {1}


def test_stores_are_asked_whether_they_can_create_once(store: Store) -> None:
    assert check_conditional_create(store)
    assert list(store.objects()) == []


def test_a_store_that_overwrites_is_refused(local_store: Store) -> None:
    class Overwriting(Store):
        """What an S3 server without conditional writes does: it ignores If-None-Match."""

        def create(self, key: str, data: bytes) -> bool:
            self.write(key, data)
            return True

    careless = Overwriting(local_store.url)
    parts = put_release(careless)
    with pytest.raises(ReleaseError, match="If-None-Match"):
        publish_release(careless, parts)
    assert current_release(careless) is None
    assert publish_release(careless, parts, only_publisher=True).published


def tamper(store: Store, change: dict[str, object]) -> None:
    key = "releases/000001.json"
    manifest = json.loads(store.read(key))
    manifest["parts"] |= change
    store.write(key, json.dumps(manifest).encode())


@pytest.mark.parametrize(
    "key", ["../../etc/passwd", "/etc/passwd", "cards/../../x", "cards/.hidden", "cards//x", "a\n"]
)
def test_a_hostile_manifest_cannot_climb_out(store: Store, key: str) -> None:
    publish_release(store, put_release(store))
    tamper(store, {"card": {"key": key, "sha256": "0" * 64, "size_bytes": 1}})
    with pytest.raises(ReleaseError, match="not a manifest"):
        open_release(store)


@pytest.mark.parametrize(
    "change",
    [
        {"card": {"key": "a", "sha256": "0" * 64, "size_bytes": 1 << 60}},
        {"card": {"key": "a", "sha256": "0" * 64, "size_bytes": -1}},
        {"card": {"key": "a", "sha256": "zz", "size_bytes": 1}},
        {"coverage": {"source": 3, "stored": 1, "quarantined": 1, "excluded": 0}},
        {"surprise": 1},
    ],
)
def test_a_damaged_manifest_is_told(local_store: Store, change: dict[str, object]) -> None:
    publish_release(local_store, put_release(local_store))
    tamper(local_store, change)
    with pytest.raises(ReleaseError, match="not a manifest"):
        open_release(local_store)


def test_a_torn_or_foreign_manifest_is_told(store: Store) -> None:
    publish_release(store, put_release(store))
    whole = store.read("releases/000001.json")
    store.write("releases/000001.json", whole[: len(whole) // 2])
    with pytest.raises(ReleaseError, match="000001"):
        list_releases(store)
    store.write("releases/000001.json", whole)
    store.write("releases/000002.json", whole)
    with pytest.raises(ReleaseError, match="release 1"):
        read_manifest(store, 2)


def test_other_files_in_the_log_are_no_releases(local_store: Store) -> None:
    publish_release(local_store, put_release(local_store))
    for name in ("notes.txt", "7.json", "0000002.json", "000000.json"):
        local_store.write(f"releases/{name}", b"x")
    assert [row["release"] for row in releases_as_json(local_store)] == [1]


def test_a_part_of_another_size_is_not_read(store: Store) -> None:
    parts = put_release(store)
    publish_release(store, parts)
    store.write(parts.card.key, b" " * (parts.card.size_bytes + 1))
    with pytest.raises(StoreError, match="damaged"):
        _ = open_release(store).card
    store.write(parts.card.key, b" " * parts.card.size_bytes)
    with pytest.raises(ReleaseError, match="damaged"):
        _ = open_release(store).card
    store.delete(parts.card.key)
    with pytest.raises(ReleaseError, match="missing"):
        _ = open_release(store).card


def test_coverage_must_balance() -> None:
    with pytest.raises(ValidationError, match="balance"):
        Coverage(source=3, stored=1, quarantined=1, excluded=0)


def test_parts_are_addressed_by_their_content(store: Store) -> None:
    first = put_bytes(store, "cards", ".json", b"{}")
    assert first == put_bytes(store, "cards", ".json", b"{}")
    assert first.key != put_bytes(store, "cards", ".json", b"[]").key
    assert first.key != put_bytes(store, "reports", ".json", b"{}").key
    assert (first.sha256, first.size_bytes) == (digest_bytes(b"{}"), 2)


SECRETS = [
    "s3://AKIAKEY:hunter2@bucket/x",
    "zip::https://me:hunter2@host/fma.zip",
    "https://host/fma.zip?X-Amz-Signature=hunter2&X-Amz-Credential=hunter2",
    "zip::https://host/fma.zip?sig=hunter2",
    "simplecache::zip::https://a:hunter2@host/x.zip?token=hunter2",
    "zip://inner/*.mp3::https://a:hunter2@host/x.zip?token=hunter2",
]


@pytest.mark.parametrize("url", SECRETS)
def test_no_secret_of_a_source_url_is_published(store: Store, url: str) -> None:
    parts = put_release(store)
    whole = parts.model_dump() | {"source_url": url}
    publish_release(store, ReleaseParts.model_validate(whole))
    assert b"hunter2" not in store.read("releases/000001.json")
    assert open_release(store).source_url == hide_credentials(url)


def test_plain_sources_are_shown_as_they_are() -> None:
    for url in ("/music/what? yes@home", "s3://bucket/a@b", "zip::https://host/fma.zip", "demo"):
        assert hide_credentials(url) == url
