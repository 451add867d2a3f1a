"""Options that several commands share, so that each reads and behaves the same.

What belongs here: option types, and printing JSON. What does not: commands.
"""

import json
import sys
from typing import Annotated, Any, Literal

import typer

StoreOption = Annotated[
    str,
    typer.Option(
        "--store",
        envvar="AUTOGROOVE_STORE",
        metavar="URL",
        help="Folder or fsspec URL (s3://bucket/prefix) of the store.",
    ),
]
ReleaseOption = Annotated[
    int | None,
    typer.Option(
        "--release", metavar="N", help="Which release to read; the current one if absent."
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print JSON on stdout and nothing else there.")
]
SourceArgument = Annotated[
    str,
    typer.Argument(
        metavar="[SOURCE]",
        help="demo; a folder, URL or .zip in FMA's layout; or any folder of music.",
    ),
]
DeviceOption = Annotated[
    Literal["auto", "cpu", "cuda"], typer.Option("--device", help="Where to train and encode.")
]

DEFAULT_STORE = "./autogroove-store"


def print_json(value: Any) -> None:
    """Print a value as JSON on stdout, readable and in UTF-8."""
    json.dump(value, sys.stdout, indent=2, ensure_ascii=False, default=str)
    sys.stdout.write("\n")
