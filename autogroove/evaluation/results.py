"""A page of results: one release's card with every baseline, and what it was measured on.

What belongs here: the Markdown that `autogroove card --format markdown` prints for
`docs/results/`. What does not: the card for a terminal or a run's page (`rendering`).
"""

import os
import platform
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autogroove.config import PRESETS, Settings
from autogroove.evaluation.card import Card
from autogroove.evaluation.rendering import render_columns

if TYPE_CHECKING:
    from autogroove.releases import Manifest


def render_results(card: Card, manifest: "Manifest") -> str:
    """The page of a release from its card and its manifest.

    The hardware is that of the machine on which the page is printed.
    """
    parts = manifest.parts
    settings = parts.settings
    source = Path(parts.source_url.rstrip("/")).name or parts.source_url
    facts = {
        "source": f"{source} ({parts.source_kind}), {_count(parts.coverage.source, 'track')}",
        "preset": str(settings.get("preset", "unknown")),
        "other settings": ", ".join(_changed(settings)) or "none",
        "seconds by stage": ", ".join(f"{name} {s:.0f}" for name, s in parts.timings.items()),
        "version": f"autogroove {parts.code_version}",
        "hardware": describe_machine(),
    }
    lines = [
        f"# {source}, {facts['preset']}, {manifest.published_at:%Y-%m-%d}",
        "",
        f"Release {manifest.release}, printed by `autogroove card --release {manifest.release} "
        "--format markdown`.",
        "",
        "| | |",
        "|---|---|",
        *(f"| {name} | {value} |" for name, value in facts.items()),
        "",
        render_columns(card),
    ]
    return "\n".join(lines)


def describe_machine() -> str:
    """Processor and usable cores of this machine, as one line."""
    cpuinfo = Path("/proc/cpuinfo")
    found = cpuinfo.exists() and re.search(r"model name\s*: (.+)", cpuinfo.read_text())
    name = found[1] if found else platform.processor() or platform.machine()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{name}, {_count(cores or 1, 'core')}"


def _changed(settings: dict[str, Any]) -> list[str]:
    """Settings that are not those of the preset as it is today, as `section.key=value`."""
    if settings.get("preset") not in PRESETS:
        return []
    usual = Settings.from_preset(settings["preset"]).model_dump(mode="json")
    return [
        f"{section}.{key}={value}"
        for section, values in settings.items()
        if isinstance(values, dict)
        for key, value in values.items()
        if value != usual.get(section, {}).get(key)
    ]


def _count(number: int, name: str) -> str:
    return f"{number:,} {name}" + ("" if number == 1 else "s")
