"""Playlists that stay fresh: what a file wishes, made of the current release, in a player.

What belongs here: the order of things, and when the run counts as failed. What does not: making
lists, or what a player has already (`autogroove.listening.players`).
"""

from pathlib import Path

from prefect import flow
from prefect.logging import get_run_logger

from autogroove.errors import PlayerError
from autogroove.listening import Wishes
from autogroove.listening.players import Kept
from autogroove.store import Store
from tasks.listening import keep


@flow(name="publish-playlists", flow_run_name="playlists of {file}", timeout_seconds=4 * 3600)
def publish_playlists(store: str = "./autogroove-store", file: str = "") -> list[Kept]:
    """Push the playlists and stations that a file names, as far as they changed.

    Args:
        store: Folder or URL of the store whose current release is heard.
        file: TOML file with the wishes, see `autogroove.listening.wishes`; without one, nothing is
            to do.

    Raises:
        PlayerError: one list or more could not be made; the others are there.
    """
    logger = get_run_logger()
    if not file:
        logger.info("No file names playlists (AUTOGROOVE_PLAYLISTS): nothing to do.")
        return []
    kept = keep(Store(store), Wishes.read(Path(file).expanduser()))
    for each in kept:
        logger.info("%s: %s. %s", each.name, each.state, each.why)
    failed = [f"{each.name}: {each.why}" for each in kept if each.state == "failed"]
    if failed:
        raise PlayerError(f"{len(failed)} of {len(kept)} lists failed. {' '.join(failed[:3])}")
    return kept
