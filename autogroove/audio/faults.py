"""What one file can do wrong.

What belongs here: the one exception by which a file's fault travels up to the segment writer,
which turns it into a quarantined row.
What does not: errors that end a run (`autogroove.errors`).
"""

from autogroove.catalogue.reasons import Reason


class AudioFault(Exception):
    """One track cannot be used. Never leaves the segment writer.

    `detail` is at most 200 characters of text about the file, for people.
    """

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason.value}: {detail}")
        self.reason = reason
        self.detail = " ".join(detail.split())[:200]

    def __reduce__(self) -> tuple[type["AudioFault"], tuple[Reason, str]]:
        return AudioFault, (self.reason, self.detail)
