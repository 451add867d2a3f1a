"""Errors that are written for people.

What belongs here: the exception types that a command may end with.
What does not: reasons for quarantine (one track's fault never ends a run); those are in
`autogroove.source.tracks`.
"""


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


class SettingsError(AutogrooveError):
    """A setting is unknown, malformed or out of range."""


class ReleaseError(AutogrooveError):
    """A release does not exist, is damaged, or cannot be published."""
