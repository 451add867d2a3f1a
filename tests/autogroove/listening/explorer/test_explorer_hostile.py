"""Odd questions: whatever comes, it is the asker's fault, soon said, and in few words."""

import shutil
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from autogroove.listening.explorer.app import create_app
from autogroove.releases.reading import open_release
from autogroove.store.store import Store

pytestmark = pytest.mark.slow  # the store is a real run of the whole line
AT = "/api/releases/2"


NINES = "9" * 5000
DEEP = "[" * 500_000
BODIES = {
    "not a number": '{"seeds": [1], "duration_minutes": NaN}',
    "infinite": '{"seeds": [1], "duration_minutes": 1e999}',
    "minus infinite": '{"seeds": [1], "variety": -1e999}',
    "infinite length": '{"seeds": [1], "length": Infinity}',
    "long number": f'{{"seeds": [{NINES}]}}',
    "lone surrogate": '{"seeds": [1], "filters": {"licences": ["\\ud800"]}}',
    "lone surrogate for a number": '{"seeds": ["\\udfff"]}',
    "lone surrogate as a name": '{"seeds": [1], "\\ud800": 1}',
    "nested deeply": '{"seeds": ' + DEEP,
    "no UTF-8": b'{"seeds": ["\xff\xfe"]}',
    "nothing": "",
    "null": "null",
    "a number": "NaN",
}


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("question", ["playlist", "export"])
def test_no_body_is_the_servers_fault(calm: TestClient, question: str, name: str) -> None:
    sent = {"content-type": "application/json"}
    answer = calm.post(f"{AT}/{question}", content=BODIES[name], headers=sent)
    assert answer.status_code in (400, 422)
    assert answer.json()["detail"]
    assert len(answer.content) < 5000


def test_what_is_wrong_a_hundred_thousand_times_is_said_once(calm: TestClient) -> None:
    wrong = {"seeds": [1], "exclude": ["x"] * 100_000}
    answer = calm.post(f"{AT}/playlist", json=wrong)
    assert answer.status_code == 422
    assert len(answer.json()["detail"]) == 1
    unknown = {"seeds": [1]} | {f"name {at}" * 50: 1 for at in range(2000)}
    answer = calm.post(f"{AT}/playlist", json=unknown)
    assert answer.status_code == 422
    assert len(answer.content) < 5000


def test_questions_say_what_is_wrong_where(calm: TestClient) -> None:
    (fault,) = calm.post(f"{AT}/playlist", json={"seeds": [1], "length": 0}).json()["detail"]
    assert fault["loc"] == ["body", "length"]
    assert "greater than" in fault["msg"]


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        (f"bytes={NINES}-", 416),
        (f"bytes=0-{NINES}", 206),
        (f"bytes=-{NINES}", 206),
        (f"bytes={'0' * 5000}-{'0' * 5000}9", 206),
        (f"bytes={NINES}-{NINES}", 416),
        ("bytes=²-", 200),
        ("bytes=" + "0-1," * 500, 200),
    ],
)
def test_a_range_of_many_digits_is_no_fault(
    calm: TestClient, track_id: int, wanted: str, status: int
) -> None:
    headers = {"range": wanted.encode("latin-1")}
    answer = calm.get(f"{AT}/tracks/{track_id}/audio", headers=headers)
    assert answer.status_code == status


LONG = "9" * 300


@pytest.mark.parametrize(
    "path",
    [
        f"/api/releases/{LONG}",
        f"/api/releases/{LONG}/points",
        f"/api/releases/{LONG}/tracks/1/audio",
        f"{AT}/changes?since={LONG}",
        "/api/releases/9",
        "/api/releases/0",
        "/api/releases/-1",
        "/api/releases/999999999",
        f"{AT}/changes?since=9",
        f"{AT}/stations/{LONG}",
        f"{AT}/tracks/{LONG}",
        f"{AT}/tracks/-1/similar",
        f"{AT}/tracks/1",
        f"{AT}/tracks/1/similar",
        f"{AT}/tracks/1/audio",
        f"{AT}/tracks/1/spectrogram/0.png",
        f"{AT}/tracks/1/reconstruction/0.png",
        f"{AT}/path?start=1&goal=2",
        f"{AT}/path?start={LONG}&goal=2",
        f"{AT}/pictures/nothing.png",
        f"{AT}/pictures/%ED%A0%80%00.png",
    ],
)
def test_what_is_not_there_is_404_and_tells_no_place(
    calm: TestClient, store: Store, path: str
) -> None:
    answer = calm.get(path)
    assert answer.status_code == 404
    assert "detail" in answer.json()
    assert store.url not in answer.text


def test_unknown_seeds_are_404(calm: TestClient) -> None:
    assert calm.post(f"{AT}/playlist", json={"seeds": [1]}).status_code == 404
    assert calm.post(f"{AT}/export", json={"track_ids": [1]}).status_code == 404


def test_damage_tells_no_place(tmp_path: Path, store: Store) -> None:
    broken = Store(tmp_path / "store")
    shutil.copytree(store.url, broken.url)
    part = open_release(broken, 2).manifest.parts.track_encodings
    Path(broken.locate(part.key)).unlink()
    app = create_app(broken.url)
    answer = TestClient(app, base_url="http://127.0.0.1").get(f"{AT}/points")
    assert answer.status_code == 500
    assert "is missing" in answer.json()["detail"]
    assert broken.url not in answer.text
