"""Decisions of a run in words, for the manifest and for people.

What belongs here: wording. What does not: deciding.
"""

from typing import Any

from autogroove.releases import Decision
from flows.evaluate_release import Heard


def word_decisions(heard: Heard) -> dict[str, Decision]:
    """What was decided about model and clusters, and why."""
    choices: dict[str, Any] = {"model": heard.model.decision, "clusters": heard.clusters.decision}
    return {name: Decision(decision=c.action, why=c.why) for name, c in choices.items()}
