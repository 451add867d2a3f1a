"""A page of results names what it was measured on and shows every baseline."""

from datetime import UTC, datetime

from synthetic import SMALL, put_release

from autogroove.config.settings import Settings
from autogroove.evaluation.card import Card, CardRow, Figure
from autogroove.evaluation.results import describe_machine, render_results
from autogroove.releases.manifest import Manifest
from autogroove.releases.parts import content_digest
from autogroove.store.store import Store

BASELINES = {"tempogram": Figure(1.5), "mfcc": Figure(0.25), "random": Figure(-0.125)}
CARD = Card(
    (
        CardRow("tempo", "Tempo lift", "higher", 2.5, 2.25, 2.75, 6, BASELINES),
        CardRow("genre", "Genre", "higher", None, None, None, 0, {}, "no genre is known"),
    ),
    num_tracks=6,
    num_clips=18,
    num_artists=2,
)


def page(store: Store, settings: Settings) -> str:
    parts = put_release(store, SMALL).model_copy(
        update={"settings": settings.model_dump(mode="json")}
    )
    manifest = Manifest(
        release=7,
        published_at=datetime(2026, 3, 4, 23, 59, tzinfo=UTC),
        nonce="once",
        content_digest=content_digest(parts),
        parts=parts,
    )
    return render_results(CARD, manifest)


def test_the_heading_says_source_preset_date_version_and_machine(local_store: Store) -> None:
    text = page(local_store, Settings.from_preset("poster"))
    assert text.startswith("# music, poster, 2026-03-04\n")
    assert "`autogroove card --release 7 --format markdown`" in text
    assert "| source | music (folder), 6 tracks |" in text
    assert "| other settings | none |" in text
    assert "| seconds by stage | spectrograms 2 |" in text
    assert f"| hardware | {describe_machine()} |" in text


def test_settings_that_are_not_the_presets_are_named(local_store: Store) -> None:
    settings = Settings.from_preset("poster").with_overrides({"training.epochs": "3"})
    assert "| other settings | training.epochs=3 |" in page(local_store, settings)


def test_every_baseline_has_a_column_and_rows_without_a_value_say_why(local_store: Store) -> None:
    text = page(local_store, Settings.from_preset("groove"))
    assert "| row |  | release | 95 % interval | tempogram | mfcc | random | n |" in text
    assert "| Tempo lift | ↑ | 2.500 | 2.250 – 2.750 | 1.500 | .250 | -.125 | 6 |" in text
    assert "- Genre: no genre is known\n" in text
