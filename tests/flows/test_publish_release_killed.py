"""`kill -9` at every stage: the next run ends where an undisturbed one does, and redoes no more
than what was lost.

The oracle is the release that the session published without any disturbance.
"""

import json
import subprocess
import sys
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from pipelines import TRACKS_PER_SEGMENT, Published, Publisher, quick_settings

from autogroove.releases.log import list_releases
from autogroove.releases.verification import verify_release
from autogroove.store.store import Store

pytestmark = [pytest.mark.long, pytest.mark.slow, pytest.mark.timeout(1800)]

# In the order of a run: what is written, by its key; whether death comes before, during or after
# that write; and at the how manieth of its kind in the killed run.
MOMENTS = [
    ("scan listing", r"scans/", "before", 1),
    ("catalogue", r"catalogues/", "after", 1),
    ("index of a segment", r"segments/.*/index\.json", "before", 1),
    ("index of a segment", r"segments/.*/index\.json", "after", 1),
    ("checkpoint", r"models/.*/epoch-0001\.json", "after", 1),
    ("model.json", r"models/.*/model\.json", "before", 1),
    ("model.json", r"models/.*/model\.json", "after", 1),
    ("second segment's encodings", r"encodings/", "before", 2),
    ("clusters, no memo of them", r"clusters/.*\.json", "after", 1),
    ("card, no memo of it", r"cards/", "after", 1),
    ("manifest", r"releases/", "before", 1),
    ("manifest", r"releases/", "during", 1),
    ("manifest", r"releases/", "after", 1),
]


@dataclass(frozen=True)
class Row:
    """One death, and what the next run made of it."""

    what: str
    when: str
    segments_left: int
    segments_remade: int
    releases_left: int
    published: bool
    digests_equal: bool
    num_faults: int


@dataclass(frozen=True)
class Killed:
    """The stores that the killed runs left, one for every moment."""

    kind: str
    stores: list[Store]


@pytest.fixture(scope="module", params=["local", pytest.param("s3", marks=pytest.mark.s3)])
def killed(
    request: pytest.FixtureRequest,
    published: Published,
    tmp_path_factory: pytest.TempPathFactory,
) -> Killed:
    """First in folders, then on SeaweedFS."""
    home = str(tmp_path_factory.mktemp("killed"))
    if request.param == "s3":
        home = f"s3://{request.getfixturevalue('s3_workers').bucket}/{uuid.uuid4().hex}"
    assignment = {
        "source": str(published.music),
        "store": f"{home}/store",
        "copies": home,
        "settings": quick_settings().model_dump(mode="json"),
        "tracks_per_segment": TRACKS_PER_SEGMENT,
        "moments": [{"pattern": p, "when": w, "number": n} for _, p, w, n in MOMENTS],
    }
    script = Path(__file__).with_name("killable.py")
    done = subprocess.run(
        [sys.executable, str(script), json.dumps(assignment)],
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return Killed(request.param, [Store(f"{home}/{number}") for number in range(len(MOMENTS))])


def count_segments(store: Store) -> int:
    return sum(each.key.endswith("/index.json") for each in store.objects("segments"))


def test_wherever_a_run_is_killed_the_next_ends_at_the_same_digest(
    killed: Killed,
    published: Published,
    publish: Publisher,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (whole,) = list_releases(Store(published.store))
    num_segments = count_segments(Store(published.store))
    rows = []
    for (what, _, when, _), store in zip(MOMENTS, killed.stores, strict=True):
        segments_left, releases_left = count_segments(store), len(list_releases(store))
        summary = publish(published.music, store.url)
        digests = [manifest.content_digest for manifest in list_releases(store)]
        remade = summary.stages["spectrograms"]["segments_written"]
        faults = verify_release(store, 1).faults
        rows.append(
            Row(
                what, when, segments_left, remade, releases_left, summary.published,
                digests == [whole.content_digest], len(faults),
            )
        )  # fmt: skip
    with capsys.disabled():
        print(f"\n{killed.kind}\n{draw_table(rows)}")
    assert all(row.digests_equal for row in rows)
    assert all(row.num_faults == 0 for row in rows)
    assert [row.segments_left + row.segments_remade for row in rows] == [num_segments] * len(rows)
    assert [row.releases_left for row in rows] == [0] * (len(rows) - 1) + [1]
    assert [row.published for row in rows] == [True] * (len(rows) - 1) + [False]


def draw_table(rows: Sequence[Row]) -> str:
    lines = ["| killed | segments left | re-made | releases left | digests equal |"]
    lines += ["|---|---|---|---|---|"]
    lines += [
        f"| {row.when} {row.what} | {row.segments_left} | {row.segments_remade} "
        f"| {row.releases_left} | {'yes' if row.digests_equal else 'NO'} |"
        for row in rows
    ]
    return "\n".join(lines)
