"""The groovebox: a demo collection whose grooves and sounds are known and independent.

What belongs here: the names that the rest of the house uses.
What does not: code.
"""

from autogroove.groovebox.collection import (
    choose_demo,
    demo_is_complete,
    demo_prefix,
    missing_track_ids,
    name_demo,
    render_batch,
    render_demo,
    render_mp3,
    write_metadata,
)
from autogroove.groovebox.mix import render_track
from autogroove.groovebox.mp3 import encode_mp3
from autogroove.groovebox.plan import DemoSpec, DemoTrack, plan_demo

__all__ = [
    "DemoSpec",
    "DemoTrack",
    "choose_demo",
    "demo_is_complete",
    "demo_prefix",
    "encode_mp3",
    "missing_track_ids",
    "name_demo",
    "plan_demo",
    "render_batch",
    "render_demo",
    "render_mp3",
    "render_track",
    "write_metadata",
]
