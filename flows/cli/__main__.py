"""`python -m flows.cli`: the same as the `autogroove` command."""

from flows.cli.main import main

main()
