"""Text from tags and paths within Markdown: shown as it is, never as a link, a heading or HTML."""

import re

_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+!|~:&@/.-])")
_RUNS = re.compile(r"`+")


def escape_markdown(text: object) -> str:
    """The text on one line, with every sign escaped that Markdown might read.

    Colons, slashes, dots and at signs are among them, for Prefect's page makes links of bare
    addresses too.
    """
    return _SPECIAL.sub(r"\\\1", " ".join(str(text).split()))


def code_span(text: object) -> str:
    """The text on one line as a code span, whatever backticks are in it."""
    shown = " ".join(str(text).split())
    fence = "`" * (1 + max((len(run) for run in _RUNS.findall(shown)), default=0))
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}"
