"""Samples to MP3 bytes, with tags.

What belongs here: the one encoder setting of the demo and its ID3 tag.
What does not: where the bytes go (`collection`).
"""

import io
from typing import Any

import lameenc
import mutagen.id3
import numpy as np

from autogroove.groovebox.drums import SAMPLE_RATE_HZ, Samples
from autogroove.groovebox.plan import DemoTrack

BIT_RATE_KBPS = 128
_FASTEST_GOOD_QUALITY = 7


def encode_mp3(samples: Samples, bit_rate_kbps: int = BIT_RATE_KBPS) -> bytes:
    """Constant bit rate stereo MP3 of samples (n, 2) at 44.1 kHz.

    LAME's quality 7 is four times as fast as the setting that libsndfile fixes, and cheap sound
    design hides what it gives away. Equal samples give equal bytes on one version of LAME.
    """
    encoder = lameenc.Encoder()
    encoder.set_bit_rate(bit_rate_kbps)
    encoder.set_in_sample_rate(SAMPLE_RATE_HZ)
    encoder.set_out_sample_rate(SAMPLE_RATE_HZ)
    encoder.set_channels(2)
    encoder.set_quality(_FASTEST_GOOD_QUALITY)
    encoder.silence()
    pcm = np.rint(samples * 32767).astype("<i2").tobytes()
    return bytes(encoder.encode(pcm)) + bytes(encoder.flush())


def tag_mp3(mp3: bytes, track: DemoTrack, licence: str) -> bytes:
    """The same audio with an ID3v2 tag in front."""
    id3: Any = mutagen.id3
    tags = id3.ID3()
    for frame, text in {
        "TIT2": track.title,
        "TPE1": track.artist,
        "TALB": track.album,
        "TCON": track.palette.genre,
        "TCOP": licence,
    }.items():
        tags.add(getattr(id3, frame)(encoding=id3.Encoding.UTF8, text=text))
    buffer = io.BytesIO()
    tags.save(buffer, padding=lambda _: 0)
    return buffer.getvalue() + mp3
