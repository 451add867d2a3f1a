"""Settings are parsed once, refuse what they do not know, and are frozen."""

import pytest
from pydantic import ValidationError

from autogroove.config.run import Circumstances
from autogroove.config.settings import Settings
from autogroove.errors import SettingsError
from autogroove.store.keys import canonical_json, make_key


def test_overrides_are_parsed_to_the_type_of_the_field() -> None:
    settings = Settings().with_overrides(
        {"training.epochs": "3", "model.channels": "[4,4,4,4,4,4]", "spectrogram.gain": "2.5"}
    )
    assert settings.training.epochs == 3
    assert settings.model.channels == (4, 4, 4, 4, 4, 4)
    assert settings.spectrogram.gain == 2.5


@pytest.mark.parametrize(
    "overrides",
    [{"clip.colour": 1}, {"clip": 1}, {"clip.clip_seconds": 0}, {"training.epochs": "x"}],
)
def test_what_is_unknown_or_out_of_range_is_named(overrides: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match=next(iter(overrides)).split(".")[0]):
        Settings().with_overrides(overrides)


def test_unknown_presets_name_the_known_ones() -> None:
    with pytest.raises(SettingsError, match="poster"):
        Settings.from_preset("jazz")  # type: ignore[arg-type]


def test_sections_are_frozen() -> None:
    with pytest.raises(ValidationError):
        Settings().clip.clip_seconds = 3  # type: ignore[misc]


def test_a_key_depends_on_every_setting_and_on_nothing_else() -> None:
    base = make_key("x", Settings())
    assert make_key("x", Settings()) == base
    for name in ("clip.clip_seconds", "spectrogram.gain", "training.seed", "clustering.damping"):
        assert (
            make_key("x", Settings().with_overrides({name: 0.75 if "damp" in name else 7})) != base
        )


def test_circumstances_hold_nothing_that_settings_hold() -> None:
    sections = (getattr(Settings(), name) for name in Settings.model_fields if name != "preset")
    inside = {field for section in sections for field in type(section).model_fields}
    assert inside.isdisjoint(Circumstances.model_fields)


def test_canonical_json_is_one_text_and_refuses_what_json_cannot_say() -> None:
    assert canonical_json({"b": 1, "a": [1.5]}) == b'{"a":[1.5],"b":1}'
    with pytest.raises(ValueError, match="JSON"):
        canonical_json(float("nan"))
    with pytest.raises(TypeError):
        canonical_json({1, 2})
