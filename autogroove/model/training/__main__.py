"""Training as a program, so that torchrun can start one process for each GPU.

    torchrun --nproc-per-node 8 -m autogroove.model.training.train --store URL --catalogue KEY

What belongs here: arguments. What does not: training, which is `train_model`; a pipeline run
trains by itself, with one process.
"""

import argparse
import logging
from pathlib import Path

from autogroove.config import read_settings
from autogroove.model.training.train import train_model
from autogroove.source import load_catalogue
from autogroove.store import Store


def main(arguments: list[str] | None = None) -> None:
    """Train on the segments of a store, with a complete catalogue of it."""
    parser = argparse.ArgumentParser(
        prog="python -m autogroove.model.training.train", description=main.__doc__
    )
    parser.add_argument("--store", required=True, help="folder or fsspec URL")
    parser.add_argument(
        "--catalogue", required=True, help="key of catalogues/KEY.parquet in the store"
    )
    parser.add_argument("--preset", choices=("poster", "groove"))
    parser.add_argument("--set", action="append", default=[], metavar="SECTION.KEY=VALUE")
    parser.add_argument("--config", type=Path, help="TOML with settings, by section")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--start-from", help="key of a model to begin with")
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    settings = read_settings(given.preset, given.config, given.set)
    store = Store(given.store)
    catalogue = load_catalogue(store, given.catalogue)
    summary = train_model(
        store, catalogue, settings, device=given.device, start_from=given.start_from
    )
    print(summary.model_key)


if __name__ == "__main__":
    main()
