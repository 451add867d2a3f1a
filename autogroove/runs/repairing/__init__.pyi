from .lessons import Lesson as Lesson
from .lessons import find_lesson as find_lesson
from .lessons import restore_members as restore_members
from .remaking import Remade as Remade
from .remaking import remake_release as remake_release
from .repair import RepairReport as RepairReport
from .repair import repair_store as repair_store
