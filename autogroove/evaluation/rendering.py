"""The card as text for a terminal and as Markdown for a page.

What belongs here: layout of a card. What does not: its numbers, or any command or page.
"""

from autogroove.evaluation.card import ORACLE, Card, CardRow, Figure

_ARROWS = {"higher": "↑", "lower": "↓", "report": " "}


def render_text(card: Card) -> str:
    """A table of plain text: value, interval, then each baseline; unmeasured rows say why."""
    names = _baseline_names(card)
    lines = [_describe(card), ""]
    table = [["", "", "release", "95 % interval", *names, "n"]]
    unmeasured = []
    for row in card.rows:
        if row.value is None:
            unmeasured.append(f"  {row.name}: {row.note}")
        else:
            table.append(_cells(row, names))
    lines += _align(table)
    if unmeasured:
        lines += ["", "Not measured:", *unmeasured]
    return "\n".join(lines) + "\n"


def render_markdown(card: Card, previous: Card | None = None) -> str:
    """The same as Markdown, as narrow as a page's column; a value in bold beats every baseline.

    Of the baselines the strongest is shown. `previous` is the card of the release before.
    """
    before = {row.key: row.value for row in previous.rows} if previous else {}
    header = ["measure", "release", "95 % interval", "best baseline"]
    header += ["previous", "change"] if previous else []
    lines = [_describe(card), "", _pipe(header), _pipe(["---"] * len(header))]
    unmeasured = []
    for row in card.rows:
        if row.value is None:
            unmeasured.append(f"- {row.name}: {row.note}")
            continue
        name, arrow, value, interval = _cells(row, [])[:4]
        best = row.best_baseline
        rival = f"{_number(best[1].value)} {best[0]}" if best else ""
        value = f"**{value}**" if beats_baselines(row) else value
        cells = [f"{name} {arrow}".strip(), value, interval, rival]
        lines.append(_pipe([*cells, *_compare(row, before)] if previous else cells))
    if unmeasured:
        lines += ["", "Not measured:", "", *unmeasured]
    return "\n".join(lines) + "\n"


def render_columns(card: Card) -> str:
    """The card as a wide Markdown table with a column for each baseline, for `docs/results/`."""
    names = _baseline_names(card)
    header = ["row", "", "release", "95 % interval", *names, "n"]
    lines = [_describe(card), "", _pipe(header), _pipe(["---"] * len(header))]
    lines += [_pipe(_cells(row, names)) for row in card.rows if row.value is not None]
    unmeasured = [f"- {row.name}: {row.note}" for row in card.rows if row.value is None]
    if unmeasured:
        lines += ["", "Not measured:", "", *unmeasured]
    return "\n".join(lines) + "\n"


def _compare(row: CardRow, before: dict[str, float | None]) -> list[str]:
    old = before.get(row.key)
    if old is None or row.value is None:
        return ["", ""]
    return [_number(old), f"{row.value - old:+.3f}"]


def beats_baselines(row: CardRow) -> bool:
    """Whether a row's value is better than that of every baseline measured beside it."""
    best = row.best_baseline
    if best is None or row.value is None:
        return False
    return row.value > best[1].value if row.better == "higher" else row.value < best[1].value


def _cells(row: CardRow, names: list[str]) -> list[str]:
    interval = "" if row.low is None else f"{_number(row.low)} – {_number(row.high)}"
    others = [_figure(row.baselines.get(name)) for name in names]
    return [
        row.name,
        _ARROWS[row.better],
        _number(row.value),
        interval,
        *others,
        f"{row.num_items:,}",
    ]


def _describe(card: Card) -> str:
    return (
        f"{card.num_tracks:,} tracks, {card.num_clips:,} clips, {card.num_artists:,} artists. "
        "↑ higher is better, ↓ lower is better."
    )


def _baseline_names(card: Card) -> list[str]:
    names: dict[str, None] = {}
    for row in card.rows:
        names.update(dict.fromkeys(row.baselines))
    return sorted(names, key=lambda name: name == ORACLE)


def _figure(figure: Figure | None) -> str:
    return "" if figure is None else _number(figure.value)


def _number(value: float | None) -> str:
    if value is None:
        return ""
    text = f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def _align(table: list[list[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    lines = []
    for row in table:
        first = row[0].ljust(widths[0])
        rest = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        lines.append("  ".join([first, *rest]).rstrip())
    return lines


def _pipe(cells: list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
