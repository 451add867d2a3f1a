"""Housekeeping: is the current release whole, and what can be swept.

What belongs here: the order, verify first and sweep only a store whose release is whole.
What does not: either of them (`autogroove.releases`).
"""

from prefect import flow
from prefect.logging import get_run_logger

from autogroove.errors import ReleaseError
from autogroove.store import Store
from tasks.publishing import sweep, verify


@flow(name="maintain-store", flow_run_name="maintain {store}", timeout_seconds=24 * 3600)
def maintain_store(
    store: str = "./autogroove-store", keep: int = 10, keep_days: float = 30, quick: bool = False
) -> int:
    """Verify the current release, then collect garbage; the bytes that were freed.

    Args:
        store: Folder or URL of the store.
        keep: So many of the newest releases are kept whatever their age.
        keep_days: Releases of so many days are kept too.
        quick: Compare existence and size of objects instead of reading them.

    Raises:
        ReleaseError: the release is damaged. Nothing is swept then.
    """
    place = Store(store)
    report = verify(place, quick)
    if report.faults:
        named = "; ".join(f"{fault.key}: {fault.what}" for fault in report.faults[:5])
        raise ReleaseError(
            f"Release {report.release} has {len(report.faults)} faults ({named}). Nothing was "
            "swept. Run the pipeline again to make what is missing, or roll back."
        )
    freed = sweep(place, keep, keep_days)
    get_run_logger().info("Release %d is whole; %d bytes freed.", report.release, freed)
    return freed
