"""Tables in a narrow terminal."""

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
