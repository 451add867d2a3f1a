"""The stage for people's eyes: pictures, data report, static page.

What belongs here: what is shown of a release. What does not: drawing it.
"""

from dataclasses import dataclass, field

from autogroove.releases import PartRef
from flows.build_spectrograms import Segments
from flows.evaluate_release import Heard
from flows.record import Run
from tasks.pictures import draw
from tasks.progress import Stage


@dataclass(frozen=True)
class Shown:
    """Pictures by name, and the data report and static page where they were made."""

    pictures: dict[str, PartRef] = field(default_factory=dict)
    analysis: PartRef | None = None
    report: PartRef | None = None


def show_release(run: Run, segments: Segments, heard: Heard) -> Shown:
    """Draw the release, in the store and in the UI."""
    stage = Stage("pictures")
    pictures = draw(
        run.store,
        segments.catalogue_key,
        segments.recipe_key,
        heard.model.summary,
        heard.encodings.tracks,
        heard.clusters.parts["clusters"],
    )
    run.note(stage, ran=not pictures.reused)
    return Shown(pictures.parts)
