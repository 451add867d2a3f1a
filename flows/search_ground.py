"""What the trials of a search stand on: spectrograms and descriptions, recipe by recipe.

What belongs here: making them before the first trial of a recipe. What does not: trials.
"""

from dataclasses import dataclass, field, replace

from autogroove.config import Settings
from autogroove.searching.trials import Side
from autogroove.segments import make_recipe_key
from flows.build_spectrograms import build_spectrograms
from flows.fan_out import Tally, fan_out
from flows.record import Run
from tasks.collection import Listing
from tasks.evaluation import describe, plan
from tasks.progress import Stage
from tasks.searching import Ground, divide


@dataclass(frozen=True)
class Grounds:
    """The ground of each recipe; trials that keep the spectrograms share one."""

    run: Run
    listing: Listing
    _known: dict[str, Ground] = field(default_factory=dict)

    def prepare(self, settings: Settings, side: Side = "validation") -> Ground:
        """The ground of these settings, with one side described."""
        recipe = make_recipe_key(settings)
        run = replace(self.run, settings=settings)
        ground = self._known.get(recipe) or divide(
            run.store, build_spectrograms(run, self.listing).catalogue_key
        )
        if side not in ground.described:
            described = {**ground.described, side: self._describe(run, ground.sides[side])}
            ground = replace(ground, described=described)
        self._known[recipe] = ground
        return ground

    def _describe(self, run: Run, catalogue_key: str) -> list[str]:
        keys, missing = plan(run.store, catalogue_key, run.settings)
        fan_out(
            Stage("describe"),
            missing,
            lambda batch, name: describe.submit(
                run.store, self.listing.source, batch, run.settings, name
            ),
            count=Tally(lambda tracks: {"tracks": tracks}),
        )
        return keys
