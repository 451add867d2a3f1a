"""The teacher: an endless, seeded stream of lessons about groove.

What belongs here: the names that the rest of the house uses.
What does not: code.

Random grooves are played at several tempi in random sounds, beside grooves that differ from them
in one thing. None is a groove of the demo collection, on which the card measures.
"""

from autogroove.model.teacher.idioms import IDIOMS
from autogroove.model.teacher.kits import KITS
from autogroove.model.teacher.lessons import Lesson, teach, write_lessons
from autogroove.model.teacher.plans import TeacherSettings
from autogroove.model.teacher.rendering import render_clip

__all__ = [
    "IDIOMS",
    "KITS",
    "Lesson",
    "TeacherSettings",
    "render_clip",
    "teach",
    "write_lessons",
]
