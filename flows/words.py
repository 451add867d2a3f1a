"""The decisions of a run, by what they are about: for the manifest and for people.

What belongs here: their names. What does not: deciding, or the wording (`Decision`).
"""

from autogroove.releases import Decision
from flows.evaluate_release import Heard


def word_decisions(heard: Heard) -> dict[str, Decision]:
    """What was decided about model and clusters, and why."""
    return {"model": heard.model.decision, "clusters": heard.clusters.decision}
