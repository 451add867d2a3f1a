"""The `autogroove` command: starts flows, reads releases."""

from flows.cli.main import main

__all__ = ["main"]
