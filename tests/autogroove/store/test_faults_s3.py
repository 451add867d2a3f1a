"""Faults of a network and a server: everything is done in the end, or nothing is published.

A proxy that breaks requests on purpose stands between the client and a real SeaweedFS.
"""

import re
from collections.abc import Iterator

import fsspec
import pytest
import servers
from faulty_proxy import Decide, Fault, Proxy, Request, faulty_proxy
from synthetic import SMALL, put_release

from autogroove.errors import AutogrooveError, StoreError
from autogroove.releases.log import list_releases, publish_release, rollback
from autogroove.releases.parts import content_digest
from autogroove.releases.reading import open_release
from autogroove.releases.verification import verify_release
from autogroove.store.artefacts import read_part
from autogroove.store.store import Store

pytestmark = pytest.mark.s3

PATIENCE = {
    "connect_timeout": 2,
    "read_timeout": 1.5,
    "retries": {"mode": "standard", "total_max_attempts": 4},
}


@pytest.fixture
def proxy(s3_server: servers.S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """A proxy that every S3 client made during the test uses, with little patience."""
    with faulty_proxy(int(s3_server.endpoint.rpartition(":")[2])) as running:
        monkeypatch.setenv("AWS_ENDPOINT_URL", running.endpoint)
        monkeypatch.setitem(fsspec.config.conf, "s3", {"config_kwargs": PATIENCE})
        fsspec.get_filesystem_class("s3").clear_instance_cache()
        yield running
    fsspec.get_filesystem_class("s3").clear_instance_cache()


def every_fourth(fault: Fault) -> Decide:
    """Break every fourth request, but never one and its repetition."""
    broken: set[tuple[str, str]] = set()

    def decide(request: Request) -> Fault | None:
        name = (request.method, request.path)
        if request.number % 4 or name in broken:
            broken.discard(name)
            return None
        broken.add(name)
        return fault

    return decide


TRANSIENT = [
    Fault.internal_error,
    Fault.slow_down,
    Fault.unavailable,
    Fault.cut_upload,
    Fault.cut_download,
    Fault.lost_answer,
]


@pytest.mark.slow
@pytest.mark.parametrize("fault", TRANSIENT, ids=lambda fault: fault.name)
def test_what_passes_is_overcome(
    proxy: Proxy, s3_store: Store, local_store: Store, fault: Fault
) -> None:
    expected = content_digest(put_release(local_store, SMALL))
    proxy.decide = every_fourth(fault)
    parts = put_release(s3_store, SMALL)
    outcome = publish_release(s3_store, parts)
    assert (outcome.number, outcome.published) == (1, True)
    assert proxy.num_faults > 8
    assert verify_release(s3_store, 1).faults == ()
    assert [m.content_digest for m in list_releases(s3_store)] == [expected]


@pytest.mark.slow
@pytest.mark.parametrize("fault", [Fault.stall, Fault.pause], ids=lambda fault: fault.name)
def test_silence_is_waited_out(proxy: Proxy, s3_store: Store, fault: Fault) -> None:
    parts = put_release(s3_store, SMALL)
    proxy.decide = lambda request: fault if request.number % 20 == 0 else None
    assert publish_release(s3_store, parts).published
    assert verify_release(s3_store, 1).faults == ()
    assert proxy.num_faults > 1


@pytest.mark.parametrize("fault", [Fault.flipped_bit, Fault.cut_download], ids=lambda f: f.name)
def test_clips_that_come_damaged_are_read_again(
    proxy: Proxy, s3_store: Store, fault: Fault
) -> None:
    publish_release(s3_store, put_release(s3_store, SMALL))
    release = open_release(s3_store)
    whole = release.clips(2)
    struck: list[Request] = []

    def strike_once(request: Request) -> Fault | None:
        if "/clips/c/" in request.path and not struck:
            struck.append(request)
            return fault
        return None

    proxy.decide = strike_once
    assert (release.clips(2) == whole).all()
    assert len(struck) == 1


def is_manifest(request: Request) -> bool:
    # The bucket is named releases too, and a store's own name may begin with a 0.
    name = request.path.split("?")[0]
    return request.method == "PUT" and re.search(r"/releases/\d{6}\.json$", name) is not None


@pytest.mark.parametrize("times", [1, 3])
def test_a_manifest_whose_answer_is_lost_is_published_once(
    proxy: Proxy, s3_store: Store, times: int
) -> None:
    parts = put_release(s3_store, SMALL)
    lost: list[Request] = []

    def lose(request: Request) -> Fault | None:
        if is_manifest(request) and len(lost) < times:
            lost.append(request)
            return Fault.lost_answer
        return None

    proxy.decide = lose
    outcome = publish_release(s3_store, parts)
    assert len(lost) == times
    assert (outcome.number, outcome.published) == (1, True)
    assert [manifest.release for manifest in list_releases(s3_store)] == [1]


@pytest.mark.slow
def test_a_manifest_whose_every_answer_is_lost_is_found_all_the_same(
    proxy: Proxy, s3_store: Store
) -> None:
    parts = put_release(s3_store, SMALL)
    proxy.decide = lambda request: Fault.lost_answer if is_manifest(request) else None
    outcome = publish_release(s3_store, parts)
    assert (outcome.number, outcome.published) == (1, True)
    assert [manifest.release for manifest in list_releases(s3_store)] == [1]


@pytest.mark.slow
def test_a_server_that_refuses_the_manifest_publishes_nothing(
    proxy: Proxy, s3_store: Store
) -> None:
    parts = put_release(s3_store, SMALL)
    proxy.decide = lambda request: Fault.internal_error if is_manifest(request) else None
    with pytest.raises(AutogrooveError, match="not published"):
        publish_release(s3_store, parts)
    assert list_releases(s3_store) == []
    proxy.decide = lambda request: None
    assert publish_release(s3_store, parts).number == 1


@pytest.mark.slow
def test_credentials_that_expire_at_any_moment_end_with_a_sentence(
    proxy: Proxy, s3_store: Store
) -> None:
    parts = put_release(s3_store, SMALL)
    first = len(proxy.requests)
    publish_release(s3_store, parts)
    num_requests = len(proxy.requests) - first
    publish_release(s3_store, parts, force=True)
    for moment in range(1, num_requests, 3):
        start = len(proxy.requests)
        proxy.decide = lambda r, since=start + moment: Fault.expired if r.number >= since else None
        try:
            assert rollback(s3_store, to=1).number > 0
        except AutogrooveError as error:
            assert "expired" in str(error)
        proxy.decide = lambda request: None
        assert [m.release for m in list_releases(s3_store)][:2] == [1, 2]
    with pytest.raises(StoreError, match="expired"):
        proxy.decide = lambda request: Fault.expired
        s3_store.write("cards/x.json", b"{}")


@pytest.mark.parametrize(
    "fault", [Fault.short_answer, Fault.cut_download, Fault.flipped_bit], ids=lambda f: f.name
)
def test_wrong_answers_are_noticed_and_asked_for_again(
    proxy: Proxy, s3_store: Store, fault: Fault
) -> None:
    parts = put_release(s3_store, SMALL)
    whole = read_part(s3_store, parts.encodings[0])
    broken: list[Request] = []

    def once(request: Request) -> Fault | None:
        if request.method == "GET" and "/encodings/" in request.path and not broken:
            broken.append(request)
            return fault
        return None

    proxy.decide = once
    assert read_part(s3_store, parts.encodings[0]) == whole
    assert len(broken) == 1
    proxy.decide = lambda r: fault if r.method == "GET" and "/encodings/" in r.path else None
    with pytest.raises(AutogrooveError):
        read_part(s3_store, parts.encodings[0])


@pytest.mark.slow
def test_spectrograms_are_never_wrong_in_silence(proxy: Proxy, s3_store: Store) -> None:
    publish_release(s3_store, put_release(s3_store, SMALL))
    release = open_release(s3_store)
    expected = SMALL.images(5)
    _ = release.catalogue
    for fault in (Fault.internal_error, Fault.cut_download, Fault.lost_answer):
        once = iter([fault])
        proxy.decide = lambda r, once=once: next(once, None) if "/clips/" in r.path else None
        assert (release.clips(5) == expected).all()
    proxy.decide = lambda r: Fault.internal_error if "/clips/c/" in r.path else None
    with pytest.raises(StoreError, match="internal error, again and again"):
        release.clips(5)


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (Fault.stall, "does not answer"),
        (Fault.slow_down, "slow down"),
        (Fault.internal_error, "internal error"),
        (Fault.cut_upload, "does not answer"),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_what_does_not_pass_ends_with_a_sentence(
    proxy: Proxy, s3_store: Store, fault: Fault, sentence: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    less = PATIENCE | {"read_timeout": 0.5, "retries": {"total_max_attempts": 2}}
    monkeypatch.setitem(fsspec.config.conf, "s3", {"config_kwargs": less})
    proxy.decide = lambda request: fault
    with pytest.raises(StoreError, match=sentence) as caught:
        s3_store.read("releases/000001.json")
    assert s3_store.url in str(caught.value)


def test_a_server_that_is_gone_is_told(
    s3_server: servers.S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = servers.free_ports(1)[0]
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{closed}")
    monkeypatch.setitem(
        fsspec.config.conf, "s3", {"config_kwargs": {"retries": {"total_max_attempts": 1}}}
    )
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    with pytest.raises(StoreError, match="does not answer"):
        Store(f"s3://{s3_server.bucket}/x").names("releases")
    fsspec.get_filesystem_class("s3").clear_instance_cache()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"AWS_SECRET_ACCESS_KEY": "wrong-hunter2"}, "secret key is wrong"),
        ({"AWS_ACCESS_KEY_ID": "nobody"}, "access key is unknown"),
        ({"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}, "no credentials"),
    ],
)
def test_wrong_credentials_are_told_and_never_shown(
    s3_store: Store,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, str | None],
    sentence: str,
) -> None:
    for name, value in changes.items():
        if value is None:
            monkeypatch.delenv(name)
        else:
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    for ask in (lambda: s3_store.write("a", b""), lambda: s3_store.create("a", b"")):
        with pytest.raises(StoreError, match=sentence) as caught:
            ask()
        assert "hunter2" not in str(caught.value)
    with pytest.raises(StoreError):
        s3_store.read("a")
    fsspec.get_filesystem_class("s3").clear_instance_cache()
