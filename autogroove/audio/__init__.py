"""From the bytes of a music file to the samples of its clips.

What belongs here: opening, refusing, decoding, cutting and resampling audio; the public names.
What does not: pictures (`autogroove.spectrogram`) or where they are kept
(`autogroove.segments`).

Memory: whatever a file's length or its header's claims, reading one track holds at most the file
itself where it is no larger than `WHOLE_FILE_BYTES` (32 MiB; larger ones are read in pieces),
its clips as mono float32, and one block of decoded samples (16 MiB; where an MP3 is decoded in
part, one clip and its bytes).

An MP3 is decoded in part where it may be (`layer3`): docs/adr/0005-partial-decoding.md.
"""

from autogroove.audio.clips import Band, TrackClips, place_clips
from autogroove.audio.decoding import DECODER_VERSION, read_clips
from autogroove.audio.faults import AudioFault
from autogroove.audio.files import WHOLE_FILE_BYTES, AudioFile, fetch_audio
from autogroove.audio.resampling import resample_clips

__all__ = [
    "DECODER_VERSION",
    "WHOLE_FILE_BYTES",
    "AudioFault",
    "AudioFile",
    "Band",
    "TrackClips",
    "fetch_audio",
    "place_clips",
    "read_clips",
    "resample_clips",
]
