"""The end of a run: parts put together and published; verification and garbage."""

from prefect import task
from prefect.artifacts import create_table_artifact

from autogroove.config import Settings
from autogroove.releases import (
    PublishOutcome,
    ReleaseParts,
    VerifyReport,
    collect_garbage,
    open_release,
    publish_release,
    verify_release,
)
from autogroove.runs import Listing, ModelOutputs, ReleasePages, Segments, assemble_release
from autogroove.store import Store
from tasks.execution import retrying
from tasks.progress import Stage


@task(name="assemble-release", task_run_name="assemble release", **retrying())
def assemble(
    store: Store,
    listing: Listing,
    settings: Settings,
    segments: Segments,
    outputs: ModelOutputs,
    pages: ReleasePages,
    timings: dict[str, float],
) -> ReleaseParts:
    """The parts of a release from what the run made."""
    return assemble_release(store, listing, settings, segments, outputs, pages, timings)


@task(
    name="publish-release",
    task_run_name="publish release",
    **retrying(),
)
def publish(store: Store, parts: ReleaseParts) -> PublishOutcome:
    """Give the release its number; nothing where the current one has the same content."""
    return publish_release(store, parts)


@task(
    name="verify-release",
    task_run_name="verify release",
    **retrying(hours=24),
)
def verify(store: Store, quick: bool) -> VerifyReport:
    """Check every part of the current release."""
    stage = Stage("verify")
    number = open_release(store).number
    return verify_release(store, number, quick=quick, progress=stage.show)


@task(
    name="collect-garbage",
    task_run_name="collect garbage",
    **retrying(hours=24),
)
def sweep(store: Store, keep: int, keep_days: float) -> int:
    """Remove what no kept release needs; the bytes that were freed."""
    report = collect_garbage(store, keep=keep, keep_days=keep_days, apply=True)
    rows = [{"kind": kind, **counts} for kind, counts in report.by_kind.items()]
    if rows:
        create_table_artifact(key="garbage", table=rows, description="What was removed, by kind")
    return report.num_bytes if report.applied else 0
