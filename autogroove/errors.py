"""Errors that are written for people: the exception types that a command may end with.

    AutogrooveError
    ├── SettingsError        a setting is unknown, malformed or out of range
    ├── NotFoundError        the track, cluster or release that was asked for is not there
    │   └── AmbiguousError   … a name fits several tracks
    ├── SourceError          the source as a whole cannot be used
    ├── StoreError           the store cannot be used
    │   ├── MissingObject    … an object is not in it
    │   └── DamagedObject    … an object's bytes are not those that were written
    ├── PlayerError          a music player does not answer, refuses, or has none of the tracks
    ├── ClusterError         Dask's workers cannot be reached, or die
    └── ReleaseError         a release is damaged, or cannot be published

One track's fault never ends a run: reasons for quarantine are in `autogroove.source.tracks`.
"""

from collections.abc import Sequence


class AutogrooveError(Exception):
    """Something a person can mend. Its text says what is wrong, where, and what to do.

    The command line prints the text alone and exits with 1; it never shows a traceback.
    """


class SourceError(AutogrooveError):
    """The source as a whole cannot be used: it is absent, unreadable or holds no audio."""


class StoreError(AutogrooveError):
    """The store cannot be used: no permission, no space, wrong credentials, damaged object."""


class MissingObject(StoreError):
    """An object that was asked for by its key is not in the store."""


class DamagedObject(StoreError):
    """An object is there, but its bytes are not those that were written. Another try is no help."""


class ClusterError(AutogrooveError):
    """The cluster cannot do the work: it does not answer, or its workers die."""


class PlayerError(AutogrooveError):
    """A music player does not answer, refuses what is asked, or has none of the tracks."""


class SettingsError(AutogrooveError):
    """A setting is unknown, malformed or out of range."""


class NotFoundError(AutogrooveError):
    """What was asked for by name or number is not there."""


class AmbiguousError(NotFoundError):
    """A name that fits several tracks; `choices` are their ids and labels, best first."""

    def __init__(self, text: str, choices: Sequence[tuple[int, str]]) -> None:
        super().__init__(text)
        self.choices = tuple(choices)


class ReleaseError(AutogrooveError):
    """A release is damaged, or cannot be published."""
