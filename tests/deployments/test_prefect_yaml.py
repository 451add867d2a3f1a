"""Every deployment is what its flow can run, checked without a server."""

import zoneinfo
from importlib import import_module
from typing import Any

import pytest
import yaml
from places import ROOT
from prefect import Flow
from prefect.client.schemas.schedules import CronSchedule
from prefect.events import DeploymentEventTrigger

PREFECT_YAML = ROOT / "deployments" / "prefect.yaml"
DEPLOYMENTS: list[dict[str, Any]] = yaml.safe_load(PREFECT_YAML.read_text())["deployments"]


def load_flow(entrypoint: str) -> Flow[Any, Any]:
    module, _, name = entrypoint.rpartition(".")
    flow = getattr(import_module(module), name)
    assert isinstance(flow, Flow)
    return flow


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "deployment" in metafunc.fixturenames:
        metafunc.parametrize("deployment", DEPLOYMENTS, ids=[d["name"] for d in DEPLOYMENTS])


def test_each_has_a_flow_that_takes_its_parameters(deployment: dict[str, Any]) -> None:
    flow = load_flow(deployment["entrypoint"])
    assert flow.validate_parameters(deployment["parameters"])
    assert deployment["description"]


def test_each_runs_in_a_known_pool(deployment: dict[str, Any]) -> None:
    assert deployment["work_pool"]["name"] in {"autogroove-cpu", "autogroove-gpu"}


def test_schedules_have_a_time_zone_that_exists(deployment: dict[str, Any]) -> None:
    for schedule in deployment.get("schedules", []):
        CronSchedule(cron=schedule["cron"], timezone=schedule["timezone"])
        assert schedule["timezone"] in zoneinfo.available_timezones()


def test_playlists_follow_the_publish_that_is_deployed() -> None:
    (playlists,) = (each for each in DEPLOYMENTS if each["name"] == "playlists")
    (trigger,) = playlists["triggers"]
    parsed = DeploymentEventTrigger.model_validate(trigger)
    assert parsed.expect == {"prefect.flow-run.Completed"}
    name = load_flow("flows.publish_release.publish_release").name
    assert trigger["match_related"] == {
        "prefect.resource.role": "flow",
        "prefect.resource.name": name,
    }


def test_triggers_expect_the_event_that_watching_emits(deployment: dict[str, Any]) -> None:
    from flows.watch_source import EVENT, name_dataset

    for trigger in deployment.get("triggers", []):
        if deployment["name"] == "playlists":
            continue
        parsed = DeploymentEventTrigger.model_validate(trigger)
        assert EVENT in parsed.expect
        assert name_dataset("s3://music/FMA large.zip") == "fma-large-zip"
        assert trigger["match"]["prefect.resource.id"] == "autogroove.dataset.*"


def test_publishes_and_trainings_queue_within_their_deployment() -> None:
    limits = {d["name"]: d["concurrency_limit"] for d in DEPLOYMENTS if "concurrency_limit" in d}
    publishes = {"nightly", "weekly-retrain", "on-change", "on-demand"}
    assert set(limits) == {*publishes, "train", "playlists"}
    assert list(limits.values()) == [{"limit": 1, "collision_strategy": "ENQUEUE"}] * 6


def test_only_training_is_in_the_gpu_pool_and_is_found_by_who_hands_it_over() -> None:
    from flows.gpu_pool import DEPLOYMENT, POOL

    (there,) = (d for d in DEPLOYMENTS if d["work_pool"]["name"] == POOL)
    assert f"{load_flow(there['entrypoint']).name}/{there['name']}" == DEPLOYMENT


def test_every_field_of_a_form_is_described(deployment: dict[str, Any]) -> None:
    from prefect.utilities.callables import parameter_schema

    schema = parameter_schema(load_flow(deployment["entrypoint"])).model_dump()
    sections = schema["definitions"]
    for name, field in schema["properties"].items():
        assert field.get("description") or is_section(field), name
    for title, section in sections.items():
        assert section["description"]
        for name, field in section["properties"].items():
            assert field.get("description") or is_section(field), f"{title}.{name}"


def is_section(field: dict[str, Any]) -> bool:
    """Whether a field is a group of fields, which has its own description."""
    return "$ref" in field or "allOf" in field


def test_the_form_of_the_ui_describes_its_fields() -> None:
    from prefect.utilities.callables import parameter_schema

    schema = parameter_schema(load_flow("flows.publish_release.publish_release"))
    definitions = schema.model_dump()["definitions"]
    source = definitions["SourceSelection"]["properties"]["source"]
    assert source["default"] == "demo"
    assert "folder" in source["description"]
    assert set(schema.properties) == {"selection", "settings", "policy", "circumstances"}
