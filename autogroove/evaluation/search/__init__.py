"""Searching for a better network: Optuna chooses, the card judges.

The whole search in a few lines, where segments and descriptions are in the store:

    search = begin_search(store, sided, SearchSettings.from_tree({}, settings), settings)
    while asked := search.next(20, search.trials()):
        trial = climb(store, sided, search.search, asked, search.settings_of(asked), material)
        search.keep(trial)
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
