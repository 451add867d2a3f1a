"""The poster's figure 5 at its size: 60,000 examples, 21 epochs, and what came of them.

The whole experiment in a few lines:

    catalogue_key = make_examples(store, settings)
    summary = train_model(store, load_catalogue(store, catalogue_key), settings.poster)
    findings = examine(store, catalogue_key, summary, settings)
    write_page(Path("poster.md"), findings)

Every step keeps what it made in the store, and goes on where it was stopped.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
