"""A release is readable without Autogroove: with zarr, pyarrow and json, as docs/store.md says."""

import subprocess
import sys
from pathlib import Path

import pytest
from synthetic import Collection, put_release

from autogroove.releases import publish_release
from autogroove.storage import Store

DOCS = Path(__file__).parents[2] / "docs" / "store.md"


def documented_program() -> str:
    """The first Python example of docs/store.md, as it stands there."""
    text = DOCS.read_text(encoding="utf-8")
    return text.split("```python\n", 1)[1].split("```", 1)[0]


def test_the_documented_program_reads_a_release(local_store: Store, tmp_path: Path) -> None:
    publish_release(local_store, put_release(local_store))
    program = documented_program()
    assert "autogroove" not in program.replace("autogroove-store", "")
    program = program.replace('"autogroove-store"', repr(local_store.url))
    check = """
import sys, json
assert "autogroove" not in sys.modules
print(json.dumps([number, tracks, images.tolist(), encodings.shape, len(clusters), card]))
"""
    script = tmp_path / "read_release.py"
    script.write_text(program + check, encoding="utf-8")
    # Outside the checkout and isolated, so that even an installed Autogroove is not wanted.
    ended = subprocess.run(
        [sys.executable, "-I", script], cwd=tmp_path, capture_output=True, text=True, timeout=240,
        check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    import json

    number, tracks, images, shape, clusters, card = json.loads(ended.stdout.splitlines()[-1])
    source = Collection()
    assert (number, tracks, clusters) == (1, 24, 24)
    assert images == source.images(5).tolist()
    assert shape == [24, 8]
    assert card["rows"][0]["key"] == "groove"


@pytest.mark.parametrize("name", ["catalogues", "segments", "models", "encodings", "clusters"])
def test_every_folder_is_documented(name: str) -> None:
    assert f"`{name}/" in DOCS.read_text(encoding="utf-8")
