"""The automations are what Prefect takes, and say what they are for; checked without a server."""

from typing import Any

import pytest
import yaml
from places import ROOT
from prefect.automations import AutomationCore
from prefect.events.schemas.automations import Posture

AUTOMATIONS = ROOT / "deployments" / "automations.yaml"
ENTRIES: list[dict[str, Any]] = yaml.safe_load(AUTOMATIONS.read_text())["automations"]


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry["name"] for entry in ENTRIES])
def test_each_is_valid_and_meant_for_runs_of_the_deployments(entry: dict[str, Any]) -> None:
    automation = AutomationCore.model_validate(entry)
    assert automation.description
    related = automation.trigger.match_related
    assert related["prefect.resource.id"] == ["prefect.tag.autogroove"]
    assert automation.trigger.for_each == {"prefect.resource.id"}


def test_a_long_run_with_signs_of_life_of_any_run_is_no_silent_one() -> None:
    from prefect.settings import get_current_settings

    (silent,) = (e for e in ENTRIES if e["name"] == "crash-silent-runs")
    trigger = AutomationCore.model_validate(silent).trigger
    assert trigger.posture == Posture.Proactive
    assert trigger.within.total_seconds() > get_current_settings().flows.heartbeat_frequency
