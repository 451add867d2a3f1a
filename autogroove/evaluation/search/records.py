"""A search in the store: its question, its trials, its finals.

What belongs here: the layout of `searches/<key>/` and going on from what is there. What does not:
making a trial (`ladder`).

    searches/<key>/search.json            what is asked: space, ladder, settings, collection
    searches/<key>/trials/0007.json       one trial, put once and never changed
    searches/<key>/finals/0007-2-validation.json   a finalist, by seed and side

The key is made of everything that a trial depends on, so a search goes on where its key is found
again, and with more trials than before where more are asked for. A trial that was killed has left
nothing; it is asked again, under its number.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from autogroove.config import Settings
from autogroove.errors import StoreError
from autogroove.evaluation.search.rungs import ask
from autogroove.evaluation.search.settings import SearchSettings, apply_values
from autogroove.evaluation.search.trials import Ask, Final, Trial
from autogroove.model.training import FORMAT as TRAINING_FORMAT
from autogroove.model.training import choose_members
from autogroove.segments import make_recipe_key
from autogroove.store import Store, canonical_json, make_key

FORMAT = 1
"""Raised when a change of the code gives other trials from the same question."""


@dataclass(frozen=True)
class Search:
    """One question, and what the store knows of its answer."""

    store: Store
    key: str
    search: SearchSettings
    base: Settings

    @property
    def folder(self) -> str:
        """Where it is in the store."""
        return f"searches/{self.key}"

    def settings_of(self, trial: Trial | Ask) -> Settings:
        """The settings of a trial, with the training's full length."""
        return apply_values(self.base, trial.values)

    def trials(self) -> list[Trial]:
        """Every trial that ended, by number."""
        return [Trial.from_json(tree) for tree in self._read("trials")]

    def finals(self) -> list[Final]:
        """Every final that ended, by trial and seed."""
        return [Final(**tree) for tree in self._read("finals")]

    def next(
        self, num_trials: int, known: Sequence[Trial], running: Sequence[Ask] = ()
    ) -> Ask | None:
        """The next trial to make, or None where `num_trials` are known or under way."""
        taken = {trial.number for trial in known} | {other.number for other in running}
        free = next((number for number in range(num_trials) if number not in taken), None)
        return None if free is None else ask(self.search, self.base, free, known, running)

    def keep(self, found: Trial | Final) -> None:
        """Put a trial or a final; the first one stays where it was made twice."""
        if isinstance(found, Trial):
            place = f"trials/{found.number:04d}"
        else:
            place = f"finals/{found.number:04d}-{found.seed}-{found.side}"
        self.store.create(f"{self.folder}/{place}.json", canonical_json(found.to_json()))

    def _read(self, kind: str) -> Iterable[dict[str, Any]]:
        for name in self.store.names(f"{self.folder}/{kind}"):
            place = f"{self.folder}/{kind}/{name}"
            try:
                yield json.loads(self.store.read(place))
            except ValueError as error:
                raise StoreError(f"{self.store.locate(place)} is damaged: delete it.") from error


def begin_search(
    store: Store, sided: pd.DataFrame, search: SearchSettings, base: Settings
) -> Search:
    """The search of this question, new or known.

    Args:
        store: where it is kept.
        sided: the collection, as `choose_sides` gives it.
        search: how is searched.
        base: what the search begins with: trial 0.
    """
    sections = {
        name: value
        for name, value in base.model_dump(mode="json").items()
        if name in ("clip", "spectrogram", "model", "training", "evaluation")
    }
    members = choose_members(sided, base.training).key
    tests = sorted(sided.loc[sided["split"] == "test", "fingerprint"])
    question = {
        "format": [FORMAT, TRAINING_FORMAT, make_recipe_key(base)],
        "search": search.model_dump(mode="json"),
        "settings": sections,
        "members": members,
        "test": make_key("tests", *tests),
    }
    found = Search(store, make_key("search", question), search, base)
    store.create(f"{found.folder}/search.json", canonical_json(question))
    return found
