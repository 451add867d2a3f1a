"""Tables in a narrow terminal."""

import re

import pytest

from flows.cli import terminal as tables


def test_nothing_is_cut_off_at_eighty_columns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tables._console, "_width", 80)
    long = "".join(chr(97 + n % 26) for n in range(60))
    tables.print_table(
        [{"setting": long, "before": long.upper(), "after": 1.5}], ["setting", "before", "after"]
    )
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 80
    for letter in set(long):
        assert shown.count(letter) + shown.count(letter.upper()) >= 4
    assert "1.500" in shown
    assert "…" not in shown


@pytest.mark.parametrize(("seconds", "lines"), [(60.0, 0), (0.0, 2)])
def test_a_log_is_told_how_far_a_long_stage_is(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    seconds: float,
    lines: int,
) -> None:
    monkeypatch.setattr(tables, "LINE_SECONDS", seconds)
    with tables.follow_epochs("train", quiet=False) as progress:
        for epoch in range(3):
            progress(epoch, 2, f"loss [{epoch}]")
    told = capsys.readouterr().err
    assert "  train …" in told
    assert len(re.findall(r"^  train \d/2 loss \[\d\]$", told, re.MULTILINE)) == lines
