"""From a release to the players of its listeners.

What belongs here: the task, and what the UI shows of it. What does not: lists and players
(`autogroove.listening`).
"""

from prefect import task
from prefect.artifacts import create_table_artifact

from autogroove.listening import Wishes
from autogroove.listening.players import Kept, keep_playlists
from autogroove.releases import open_release
from autogroove.store import Store
from tasks.execution import retrying


@task(name="keep-playlists", task_run_name="playlists in {wishes.target}", **retrying(hours=2))
def keep(store: Store, wishes: Wishes) -> list[Kept]:
    """Make a player have what is wished of the current release."""
    kept = keep_playlists(open_release(store), wishes)
    rows = [each.as_json() for each in kept]
    if rows:
        create_table_artifact(key="playlists", table=rows, description="Playlists of a player")
    return kept
