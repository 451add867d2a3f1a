"""Looking after a store: verification and garbage.

What belongs here: the two tasks and what they show. What does not: their rules
(`autogroove.releases`).
"""

from prefect import task
from prefect.artifacts import create_table_artifact

from autogroove.releases import VerifyReport, collect_garbage, open_release, verify_release
from autogroove.storage import Store
from tasks.faults import retrying
from tasks.progress import Stage


@task(
    name="verify-release",
    task_run_name="verify release",
    **retrying(hours=24),
)
def verify(store_url: str, quick: bool) -> VerifyReport:
    """Check every part of the current release."""
    store, stage = Store(store_url), Stage("verify")
    number = open_release(store).number
    return verify_release(store, number, quick=quick, progress=stage.show)


@task(
    name="collect-garbage",
    task_run_name="collect garbage",
    **retrying(hours=24),
)
def sweep(store_url: str, keep: int, keep_days: float) -> int:
    """Remove what no kept release needs; the bytes that were freed."""
    report = collect_garbage(Store(store_url), keep=keep, keep_days=keep_days, apply=True)
    rows = [{"kind": kind, **counts} for kind, counts in report.by_kind.items()]
    if rows:
        create_table_artifact(key="garbage", table=rows, description="What was removed, by kind")
    return report.num_bytes if report.applied else 0
