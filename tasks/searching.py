"""A search's trials and finals, each a task.

What belongs here: the tasks around `autogroove.evaluation.search`.
What does not: choosing settings, training or judging.
"""

from dataclasses import dataclass
from typing import Any

import pandas as pd
from prefect import task
from prefect.artifacts import create_image_artifact, create_table_artifact

from autogroove.config import Settings
from autogroove.evaluation.search import (
    Ask,
    Final,
    Material,
    Search,
    SearchReport,
    SearchSettings,
    Side,
    Trial,
    begin_search,
    choose_sides,
    measure_final,
    read_material,
    run_trial,
    take_side,
)
from autogroove.figures import draw_search, png_data_uri
from autogroove.model import computing_with
from autogroove.model.training import train_model
from autogroove.source import load_catalogue, put_catalogue
from autogroove.store import Store, put_bytes
from tasks.execution import retrying


@dataclass(frozen=True)
class Ground:
    """What all trials of one recipe stand on: keys of catalogues and descriptions in the store."""

    catalogue_key: str
    sides: dict[Side, str]
    described: dict[Side, list[str]]


@task(name="choose-sides", task_run_name="choose sides", **retrying())
def divide(store: Store, catalogue_key: str) -> Ground:
    """Divide the tracks into those trained on, those that judge, and those of the last test."""
    sided = choose_sides(load_catalogue(store, catalogue_key))
    sides: tuple[Side, ...] = ("validation", "test")
    keys = {side: put_catalogue(store, take_side(sided, side)) for side in sides}
    return Ground(put_catalogue(store, sided), keys, {})


@task(name="begin-search", task_run_name="begin search", **retrying())
def begin(store: Store, ground: Ground, search: SearchSettings, settings: Settings) -> Search:
    """Write down what is searched, or find it."""
    return begin_search(store, load_catalogue(store, ground.catalogue_key), search, settings)


@task(
    name="try-settings",
    task_run_name="trial {asked.number}",
    **retrying(hours=24),
)
def try_settings(search: Search, ground: Ground, asked: Ask, device: str) -> Trial:
    """Make one trial and keep it."""
    settings = search.settings_of(asked)
    with computing_with(1):
        trial = run_trial(
            search.store,
            _load_sided(search, ground),
            search.search,
            asked,
            settings,
            _load_material(search, ground, settings, "validation"),
            device=device,
        )
    search.keep(trial)
    return trial


@task(
    name="train-finalist",
    task_run_name="finalist {trial.number} seed {seed}: {side}",
    **retrying(hours=168),
)
def train_finalist(
    search: Search, ground: Ground, trial: Trial, seed: int, side: Side, device: str
) -> Final:
    """Train a finalist to the end with one seed, or find it; ask one side, keep the answer."""
    settings = search.settings_of(trial).with_overrides({"training.seed": seed})
    with computing_with(1):
        model = train_model(search.store, _load_sided(search, ground), settings, device=device)
        material = _load_material(search, ground, settings, side)
        final = measure_final(search.store, model.model_key, trial.number, settings, material, side)
    search.keep(final)
    return final


def _load_sided(search: Search, ground: Ground) -> pd.DataFrame:
    return load_catalogue(search.store, ground.catalogue_key)


def _load_material(search: Search, ground: Ground, settings: Settings, side: Side) -> Material:
    tracks = load_catalogue(search.store, ground.sides[side])
    return read_material(search.store, tracks, settings, ground.described[side])


@task(name="show-search", task_run_name="show search", **retrying(hours=4))
def show(search: Search, trials: list[Trial], finals: list[Final]) -> SearchReport:
    """Draw the search, in the store and in the UI, beside its tables."""
    judged = [final for final in finals if final.side == "validation"]
    picture = draw_search(
        trials, {f.number: [g.objective for g in judged if g.number == f.number] for f in judged}
    )
    part = put_bytes(search.store, f"{search.folder}/pictures", ".png", picture)
    report = SearchReport(search, tuple(trials), tuple(finals), part.key)
    create_image_artifact(
        image_url=png_data_uri(picture),
        key="search",
        description="Every trial's objective at each rung, and the objective against each setting",
    )
    tables = {"search-trials": report.trial_rows(), "search-finals": report.final_rows()}
    for key, rows in tables.items():
        shown = [{name: _round(value) for name, value in row.items()} for row in rows]
        create_table_artifact(table=shown, key=key, description=report.verdict())
    return report


def _round(value: Any) -> Any:
    return round(value, 4) if isinstance(value, float) else value
