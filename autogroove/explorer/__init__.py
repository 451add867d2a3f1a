"""The explorer: one release in a browser, with its API.

What belongs here: the public names of the package.
What does not: code. The explorer reads a store and never writes to it.
"""

from autogroove.explorer.app import create_app
from autogroove.explorer.serving import serve_explorer

__all__ = ["create_app", "serve_explorer"]
