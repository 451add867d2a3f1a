"""What a reader of audio asks of a source, and why a track is left out of a release."""

from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Protocol


class Reason(StrEnum):
    """One word that says why; `meaning` is the sentence for people."""

    # Seen while the source is listed and fingerprinted.
    empty = "empty"
    unreadable = "unreadable"
    unsafe_path = "unsafe_path"
    unsafe_archive = "unsafe_archive"
    missing_file = "missing_file"
    duplicate_id = "duplicate_id"
    duplicate_content = "duplicate_content"
    excluded_folder = "excluded_folder"
    audiobook = "audiobook"
    # Seen while the audio is decoded.
    not_audio = "not_audio"
    unsupported_format = "unsupported_format"
    truncated = "truncated"
    too_short = "too_short"
    silent = "silent"
    not_finite = "not_finite"
    changed_while_reading = "changed_while_reading"
    crashed_decoder = "crashed_decoder"
    timed_out = "timed_out"
    out_of_memory = "out_of_memory"

    @property
    def excludes(self) -> bool:
        """Whether the track counts as excluded rather than quarantined."""
        return self in _EXCLUDING

    @property
    def status(self) -> str:
        """The catalogue's status of a track with this reason."""
        return "excluded" if self.excludes else "quarantined"

    @property
    def meaning(self) -> str:
        """What it says about the track, as a sentence."""
        return _MEANINGS[self]


_EXCLUDING = {
    Reason.missing_file,
    Reason.duplicate_id,
    Reason.duplicate_content,
    Reason.excluded_folder,
    Reason.audiobook,
}

_MEANINGS = {
    Reason.empty: "The file has no bytes.",
    Reason.unreadable: "The file could not be read: permission, a broken link, a damaged archive.",
    Reason.unsafe_path: "The archive names this member outside its own folder.",
    Reason.unsafe_archive: "The archive's member claims a size that no audio file has.",
    Reason.missing_file: "The metadata has a row for it, but the source has no file.",
    Reason.duplicate_id: "Another file of the source has the same track id.",
    Reason.duplicate_content: "Another track has the same bytes; that one is kept.",
    Reason.excluded_folder: "It is in a folder that is to be left out (--exclude-folder).",
    Reason.audiobook: "It is an audiobook (m4b), which no playlist wants.",
    Reason.not_audio: "The bytes are no audio: a web page, a picture, noise.",
    Reason.unsupported_format: "It may be audio, but no decoder here reads it.",
    Reason.truncated: "The audio ends well before its header says.",
    Reason.too_short: "There is not one whole clip in it.",
    Reason.silent: "It is silent, or so nearly that no picture can be made of it.",
    Reason.not_finite: "Its samples hold NaN or infinity.",
    Reason.changed_while_reading: "The file changed between the scan and the reading.",
    Reason.crashed_decoder: "The decoder's process died on it.",
    Reason.timed_out: "The decoder did not finish in time.",
    Reason.out_of_memory: "Decoding it needs more memory than a worker has.",
}


class Source(Protocol):
    """Where tracks come from. Picklable: it travels to the workers that read its audio."""

    @property
    def kind(self) -> str:
        """ "fma", "folder" or "demo"."""
        ...

    @property
    def url(self) -> str:
        """The folder or URL that it was opened from."""
        ...

    def read(self, path: str) -> bytes:
        """The whole file of a track.

        Raises:
            OSError: it cannot be read.
        """
        ...

    def open(self, path: str) -> BinaryIO:
        """The file of a track, seekable.

        Raises:
            OSError: it cannot be opened.
        """
        ...

    def local_path(self, path: str) -> Path | None:
        """The real file, if the source is a plain folder of this machine."""
        ...
