"""Every task ends some day, and is tried again where that can help, and only there."""

import importlib
import pkgutil
from typing import Any

import httpx
import pytest
from prefect import Task
from prefect.client.schemas.objects import TaskRun
from prefect.states import Failed

import tasks
from autogroove.errors import SettingsError, SourceError, StoreError
from tasks.execution import can_help
from tasks.showing import name_asset


def all_tasks() -> dict[str, Task[Any, Any]]:
    found = {}
    for module in pkgutil.iter_modules(tasks.__path__, "tasks."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, Task):
                found[value.name] = value
    return found


@pytest.mark.parametrize("task", all_tasks().values(), ids=list(all_tasks()))
def test_each_has_a_time_limit_and_the_retry_rule(task: Task[Any, Any]) -> None:
    assert task.timeout_seconds
    assert task.retries == 3
    assert task.retry_condition_fn is can_help
    delays = task.retry_delay_seconds
    assert isinstance(delays, list)
    assert delays == sorted(delays)
    assert delays[0] < delays[-1] <= 30


@pytest.mark.parametrize(
    ("fault", "helps"),
    [
        (StoreError("s3://music does not answer."), True),
        (ConnectionResetError("reset by peer"), True),
        (httpx.ConnectError("The server is being started anew."), True),
        (SourceError("/nowhere is no folder."), False),
        (SettingsError("There is no setting."), False),
        (ValueError("a bug"), False),
        (MemoryError(), False),
    ],
)
def test_another_try_helps_against_store_and_network_alone(fault: Exception, helps: bool) -> None:
    state = Failed(data=fault)
    assert can_help(None, TaskRun.model_construct(), state) is helps


def test_an_asset_is_named_within_the_letters_that_prefect_takes() -> None:
    from prefect.assets import Asset

    for url in ("/srv/my music [new] 100%", "s3://bucket/a b", "demo", "/é/" + "x" * 600):
        assert Asset(key=name_asset(url))
    assert name_asset("/srv/a b") != name_asset("/srv/a=20b")
