from .releases import open_release as open_release
from .store import Store as Store

__version__: str
