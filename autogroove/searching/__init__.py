"""Searching for a better network: Optuna chooses, the card judges.

What belongs here: the names that the rest of the house uses.
What does not: code, each in its own module of this package; or tasks and flows.

The whole search in a few lines, where segments and descriptions are in the store:

    search = begin_search(store, sided, SearchSettings.from_tree({}, settings), settings)
    while asked := search.next(20, search.trials()):
        trial = climb(store, sided, search.search, asked, search.settings_of(asked), material)
        search.keep(trial)
"""

from autogroove.searching.finals import (
    Standing,
    choose_finalists,
    is_finding,
    measure_final,
    rank_finalists,
)
from autogroove.searching.ladder import climb
from autogroove.searching.material import Material, choose_sides, read_material, take_side
from autogroove.searching.records import Search, begin_search
from autogroove.searching.settings import Choice, Range, SearchSettings
from autogroove.searching.trials import Ask, Final, Trial

__all__ = [
    "Ask",
    "Choice",
    "Final",
    "Material",
    "Range",
    "Search",
    "SearchSettings",
    "Standing",
    "Trial",
    "begin_search",
    "choose_finalists",
    "choose_sides",
    "climb",
    "is_finding",
    "measure_final",
    "rank_finalists",
    "read_material",
    "take_side",
]
