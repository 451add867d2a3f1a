"""The teacher: an endless, seeded stream of lessons about groove.

What belongs here: the names that the rest of the house uses.
What does not: code.

Random grooves are played at several tempi in random sounds, beside grooves that differ from them
in one thing. None is a groove of the demo collection, on which the card measures.
"""

from autogroove.groovebox.teacher.idioms import IDIOMS
from autogroove.groovebox.teacher.lessons import (
    Lesson,
    TeacherSettings,
    plan_lesson,
    render_lesson,
    teach,
)
from autogroove.groovebox.teacher.rendering import render_clip
from autogroove.groovebox.teacher.sounds import KITS

__all__ = [
    "IDIOMS",
    "KITS",
    "Lesson",
    "TeacherSettings",
    "plan_lesson",
    "render_clip",
    "render_lesson",
    "teach",
]
