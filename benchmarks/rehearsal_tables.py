"""The tables of a rehearsal, in Markdown.

What belongs here: wording what was measured. What does not: measuring it.
"""

from typing import Any

_MIB = 2**20


def print_tables(result: dict[str, Any]) -> None:
    """Wall, CPU and memory by stage, then the totals of the runs side by side."""
    settings = ", ".join(f"{name}={value}" for name, value in result["settings"].items())
    print(
        f"\n{result['tracks']:,} tracks ({result['audio_bytes'] / 1e9:.2f} GB of MP3), "
        f"{result['workers']} workers on {result['cores']} cores, {settings}\n"
    )
    runs = result["runs"]
    heads = [f"{run['name']}: wall s | CPU s | peak MiB" for run in runs]
    _print_row(["stage", *heads])
    print("|---|" + "---:|" * 3 * len(runs))
    for stage in _name_stages(runs):
        cells = [stage]
        for run in runs:
            use = run["stages"].get(stage)
            cells += (
                [_number(use["wall"], 1), _number(use["cpu"], 1), _mib(use["peak"])]
                if use
                else ["–"] * 3
            )
        _print_row(cells)
    cells = ["**all**"]
    for run in runs:
        cells += [_number(run["wall"], 1), _number(run["cpu"], 1), _mib(run["peaks"]["all"])]
    _print_row(cells)
    print()
    _print_row(["total", *(run["name"] for run in runs)])
    print("|---|" + "---:|" * len(runs))
    for name, show in _TOTALS.items():
        _print_row([name, *(show(run) for run in runs)])


def _name_stages(runs: list[dict[str, Any]]) -> list[str]:
    """All stages in the order of the run that has most of them."""
    longest = max(runs, key=lambda run: len(run["stages"]))["stages"]
    return [*longest, *(s for run in runs for s in run["stages"] if s not in longest)]


def _share_of_server(run: dict[str, Any]) -> str:
    return f"{100 * _overhead(run) / run['wall']:.1f} %"


def _overhead(run: dict[str, Any]) -> float:
    found = run["overhead"]
    return float(sum(found[name] for name in ("before", "between", "after", "waiting")))


def _split(run: dict[str, Any]) -> str:
    found = run["overhead"]
    parts = (found[name] for name in ("before", "between", "waiting", "after"))
    return " + ".join(f"{seconds:.1f}" for seconds in parts)


def _coverage(run: dict[str, Any]) -> str:
    coverage = run["summary"]["coverage"]
    return f"{coverage['stored']} + {coverage['quarantined']} + {coverage['excluded']}"


def _made(run: dict[str, Any]) -> str:
    summary = run["summary"]
    return f"{summary['release']}" + ("" if summary["published"] else " stands")


_TOTALS = {
    "release": _made,
    "tracks stored + quarantined + excluded": _coverage,
    "segments written": lambda run: str(
        run["summary"]["stages"]["spectrograms"]["segments_written"]
    ),
    "wall s": lambda run: _number(run["wall"], 1),
    "CPU s": lambda run: _number(run["cpu"], 1),
    "peak MiB, all processes": lambda run: _mib(run["peaks"]["all"]),
    "peak MiB, the command": lambda run: _mib(run["peaks"]["command"]),
    "peak MiB, Prefect's server": lambda run: _mib(run["peaks"]["server"]),
    "peak MiB, one worker": lambda run: _mib(run["peaks"]["one worker"]),
    "Prefect's task runs": lambda run: str(run["overhead"]["tasks"]),
    "Prefect's s: before + between + waiting + after": _split,
    "Prefect's share of the wall": _share_of_server,
    "objects in the store": lambda run: f"{run['objects']:,}",
    "MB in the store": lambda run: _number(run["store_bytes"] / 1e6, 1),
}


def _print_row(cells: list[str]) -> None:
    print("| " + " | ".join(cells) + " |")


def _number(value: float, digits: int) -> str:
    return f"{value:,.{digits}f}"


def _mib(value: float) -> str:
    return f"{value / _MIB:,.0f}"
