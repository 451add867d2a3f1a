"""Faults of a disk and of a machine: full, read-only, killed. Whole objects, or none."""

import errno
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from synthetic import SMALL, put_release

from autogroove.errors import MissingObject, StoreError
from autogroove.releases.garbage import collect_garbage
from autogroove.releases.log import list_releases, publish_release
from autogroove.releases.parts import ReleaseParts, content_digest
from autogroove.releases.reading import open_release
from autogroove.releases.verification import verify_release
from autogroove.store.notes import forget_note
from autogroove.store.store import Store


def test_a_full_disk_is_told_and_leaves_nothing_half_written(
    mount: Callable[[str], Path],
) -> None:
    store = Store(mount("size=256k") / "store")
    parts = put_release(store)
    ballast = Path(store.url) / "ballast"
    with ballast.open("wb", buffering=0) as file, pytest.raises(OSError, match="space"):
        while True:
            file.write(bytes(1024))
    before = {each.key: each.size_bytes for each in store.objects("", leftovers=True)}
    with pytest.raises(StoreError, match="no space is left"):
        publish_release(store, parts)
    with pytest.raises(StoreError, match="no space is left"):
        store.create("releases/000001.json", bytes(100_000))
    after = {each.key: each.size_bytes for each in store.objects("", leftovers=True)}
    assert after == before
    ballast.unlink()
    assert publish_release(store, parts).number == 1
    assert verify_release(store, 1).is_sound


def test_a_read_only_disk_can_be_read_and_is_told_on_writing(
    mount: Callable[[str], Path],
) -> None:
    folder = mount("size=4m")
    store = Store(folder / "store")
    parts = put_release(store)
    publish_release(store, parts)
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    assert open_release(store).clips(3).shape == (3, 16, 16)
    assert verify_release(store, 1).is_sound
    assert collect_garbage(store).num_objects == 0
    for write in (
        lambda: publish_release(store, parts, force=True),
        lambda: store.write("cards/x.json", b"{}"),
        lambda: collect_garbage(store, apply=True),
    ):
        with pytest.raises(StoreError, match="read-only"):
            write()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    with pytest.raises(StoreError, match="permission"):
        Store(tmp_path / "store").write("a", b"1")
    tmp_path.chmod(0o755)


def test_a_store_that_is_a_file_is_told(tmp_path: Path) -> None:
    file = tmp_path / "song.mp3"
    file.write_bytes(b"x")
    for ask in (
        lambda store: store.write("a/b", b"1"),
        lambda store: store.create("a/b", b"1"),
        lambda store: store.names("releases"),
    ):
        with pytest.raises(StoreError, match="song"):
            ask(Store(file))


def in_child(work: Callable[[], object]) -> int:
    """Run in a forked process; its exit code, or minus the signal that ended it."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException:  # a test process must never run on in the child
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_limit_on_file_sizes_is_told(local_store: Store) -> None:
    def write() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        try:
            local_store.write("cards/a.json", bytes(5000))
        except StoreError as error:
            assert "larger than this system allows" in str(error)
            assert error.__cause__.errno == errno.EFBIG
            os._exit(7)

    assert in_child(write) == 7
    assert list(local_store.objects("", leftovers=True)) == []


@pytest.mark.parametrize(
    "name", ["with space", "Ünï-cödé–音楽", "100% [a] {b} #c?d=e&f;g", "-rf ~"]
)
def test_a_store_may_be_called_anything(tmp_path: Path, name: str) -> None:
    store = Store(tmp_path / name / "störe")
    publish_release(store, put_release(store))
    assert verify_release(store, 1).is_sound
    release = open_release(Store(store.url))
    assert release.clips(23).shape == (3, 16, 16)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert collect_garbage(store, apply=True).num_objects == 0


def test_two_stores_side_by_side_do_not_meet(tmp_path: Path) -> None:
    first, second = Store(tmp_path / "a"), Store(tmp_path / "a b")
    publish_release(first, put_release(first))
    with pytest.raises(MissingObject):
        second.read("releases/000001.json")
    assert list_releases(second) == []


SYSTEM_CALLS = ["open", "write", "fsync", "link", "replace", "unlink"]


def publish_and_die(store: Store, parts: ReleaseParts, moment: int, after: bool) -> None:
    kill_at(moment, after)
    publish_release(store, parts)


def kill_at(moment: int, after: bool) -> None:
    """Make this process kill itself at the n-th system call that writes, before or after it."""
    count = 0

    def wrap(call: Callable[..., object]) -> Callable[..., object]:
        def wrapped(*arguments: object, **options: object) -> object:
            nonlocal count
            count += 1
            if count == moment and not after:
                os.kill(os.getpid(), signal.SIGKILL)
            result = call(*arguments, **options)
            if count == moment:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return wrapped

    for name in SYSTEM_CALLS:
        setattr(os, name, wrap(getattr(os, name)))


def test_publication_survives_kill_9_at_every_system_call(local_store: Store) -> None:
    """Before and after each write, flush, link and rename: published whole, or not at all."""
    parts = put_release(local_store, SMALL)
    parts_before = {each.key for each in local_store.objects()}
    published_at: list[bool] = []
    for moment in range(1, 200):
        for after in (False, True):
            code = in_child(partial(publish_and_die, local_store, parts, moment, after))
            assert code in (0, -signal.SIGKILL)
            log = list_releases(local_store)
            assert len(log) <= 1
            published_at.append(bool(log))
            outcome = publish_release(local_store, parts)
            assert (outcome.number, outcome.published) == (1, not log)
            assert [m.content_digest for m in list_releases(local_store)] == [content_digest(parts)]
            local_store.delete("releases/000001.json")
            for each in local_store.objects("", leftovers=True):
                if each.key not in parts_before:
                    local_store.delete(each.key)
        if code == 0:
            break
    assert code == 0
    assert len(published_at) > 20
    first = published_at.index(True)
    assert all(published_at[first:])  # once it is published, nothing that follows takes it back


OPERATIONS = ["create", "write", "delete_all", "read", "names", "objects"]
PUBLISH_AND_DIE = """
import os, signal, sys
from autogroove.releases import ReleaseParts, publish_release
from autogroove.store import Store
moment, after = int(sys.argv[2]), sys.argv[3] == "after"
done = []
def wrap(name, call):
    def wrapped(*arguments, **options):
        done.append(name)
        if len(done) == moment and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = call(*arguments, **options)
        if len(done) == moment:
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    return wrapped
for name in sys.argv[4:]:
    setattr(Store, name, wrap(name, getattr(Store, name)))
publish_release(Store(sys.argv[1]), ReleaseParts.model_validate_json(sys.stdin.read()))
print(" ".join(done))
"""


@pytest.mark.slow
def test_publication_survives_kill_9_at_every_request(store: Store) -> None:
    """Before and after operations on a store, on S3 as on a disk."""
    parts = put_release(store, SMALL)

    def publish(moment: int, word: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-c", PUBLISH_AND_DIE, store.url, str(moment), word]
        return subprocess.run(
            [*command, *OPERATIONS], input=parts.model_dump_json(), text=True, timeout=240,
            check=False, stdout=subprocess.PIPE,
        )  # fmt: skip

    def unpublish() -> None:
        store.delete("releases/000001.json")
        forget_note(store, "releases/000001.json")

    done = publish(0, "never").stdout.split()
    unpublish()
    manifest = len(done) - done[::-1].index("create")  # counted from one
    for moment, word, is_there in [
        (2, "after", False),
        (manifest - 2, "after", False),
        (manifest, "before", False),
        (manifest, "after", True),
        (manifest + 1, "before", True),
        (len(done), "after", True),
    ]:
        assert publish(moment, word).returncode == -signal.SIGKILL
        assert bool(list_releases(store)) == is_there
        outcome = publish_release(store, parts)
        assert (outcome.number, outcome.published) == (1, not is_there)
        assert verify_release(store, 1, quick=True).is_sound
        unpublish()
