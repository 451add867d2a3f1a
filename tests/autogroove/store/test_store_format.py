"""A release is readable without Autogroove: with zarr, pyarrow and json, as docs/store.md says."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from places import ROOT
from synthetic import Collection, put_release

from autogroove.releases.log import publish_release
from autogroove.store.store import Store

DOCS = ROOT / "docs" / "store.md"


def documented_program(number: int) -> str:
    """A Python example of docs/store.md, as it stands there."""
    text = DOCS.read_text(encoding="utf-8")
    return text.split("```python\n")[number].split("```", 1)[0]


def run_outside(program: str, store: Store, folder: Path, names: str) -> list[Any]:
    """What a documented program finds, by name; it may not import Autogroove."""
    assert "autogroove" not in program.replace("autogroove-store", "")
    program = re.sub('"[^"]*autogroove-store"', repr(store.url), program)
    check = f"""
import sys, json
assert "autogroove" not in sys.modules
print(json.dumps([{names}]))
"""
    script = folder / "read_release.py"
    script.write_text(program + check, encoding="utf-8")
    # Outside the checkout and isolated, so that even an installed Autogroove is not wanted.
    ended = subprocess.run(
        [sys.executable, "-I", script], cwd=folder, capture_output=True, text=True, timeout=240,
        check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    found: list[Any] = json.loads(ended.stdout.splitlines()[-1])
    return found


def test_the_documented_program_reads_a_release(local_store: Store, tmp_path: Path) -> None:
    publish_release(local_store, put_release(local_store))
    number, tracks, images, shape, clusters, card = run_outside(
        documented_program(1),
        local_store,
        tmp_path,
        "number, tracks, images.tolist(), encodings.shape, len(clusters), card",
    )
    source = Collection()
    assert (number, tracks, clusters) == (1, 24, 24)
    assert images == source.images(5).tolist()
    assert shape == [24, 8]
    assert card["rows"][0]["key"] == "groove"


@pytest.mark.s3
def test_the_documented_program_reads_a_release_from_s3(s3_store: Store, tmp_path: Path) -> None:
    publish_release(s3_store, put_release(s3_store))
    number, images, clusters = run_outside(
        documented_program(2), s3_store, tmp_path, "number, images.tolist(), len(clusters)"
    )
    assert (number, clusters) == (1, 24)
    assert images == Collection().images(5).tolist()


@pytest.mark.parametrize("name", ["catalogues", "segments", "models", "encodings", "clusters"])
def test_every_folder_is_documented(name: str) -> None:
    assert f"`{name}/" in DOCS.read_text(encoding="utf-8")
