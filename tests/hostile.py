"""Files that mean harm, or are only odd, and what must become of each.

What belongs here: their bytes, and the reason that each of the bad ones gets.
What does not: tests. One segment of them is made in `autogroove/test_hostile_audio.py`, a whole
release in `flows/test_hostile_run.py`.
"""

import io
import zlib

import numpy as np
import soundfile
from sounds import drop_xing, encode_mp3, play_music

RATE = 44100
MUSIC = play_music(6)


def wav_of(samples, rate=RATE, subtype="FLOAT"):
    stream = io.BytesIO()
    soundfile.write(stream, samples, rate, format="WAV", subtype=subtype)
    return stream.getvalue()


def flac_of(samples):
    stream = io.BytesIO()
    soundfile.write(stream, samples, RATE, format="FLAC")
    return stream.getvalue()


def tell_frames(stream, num_frames):
    """An MP3 whose Xing frame says another length."""
    place = stream.index(b"Info") if b"Info" in stream[:200] else stream.index(b"Xing")
    return stream[: place + 8] + num_frames.to_bytes(4, "big") + stream[place + 12 :]


def tell_samples(flac, total):
    """A FLAC whose STREAMINFO says another length (36 bits, 21 bytes in)."""
    changed = bytearray(flac)
    changed[21] = (changed[21] & 0xF0) | (total >> 32)
    changed[22:26] = (total & 0xFFFFFFFF).to_bytes(4, "big")
    return bytes(changed)


def with_values(value):
    broken = MUSIC.copy()
    broken[1000:1010] = value
    return wav_of(broken)


MP3 = encode_mp3(MUSIC)
TEN_HOURS = 10 * 3600 * RATE
TAG = b"ID3\x04\x00\x00"
PNG = b"\x89PNG\r\n\x1a\n" + zlib.compress(bytes(1000)) * 20
NOISE = np.random.default_rng(1).integers(0, 256, 200_000, np.uint8).tobytes()

BAD = {
    "page.mp3": (b"<!DOCTYPE html><html><body>404</body></html>" * 40, "not_audio"),
    "page2.mp3": (b"\n\n  <HTML>" + bytes(2000), "not_audio"),
    "picture.mp3": (PNG, "not_audio"),
    "noise.mp3": (NOISE, "not_audio"),
    "noise.wav": (NOISE[::-1], "not_audio"),
    "zeros.mp3": (bytes(100_000), "not_audio"),
    "header-only.mp3": (TAG + b"\x00\x00\x07\x76" + bytes(1014), "not_audio"),
    "header-only.wav": (wav_of(MUSIC[:0]), "too_short"),
    "apple.m4a": (b"\0\0\0\x20ftypM4A " + bytes(5000), "unsupported_format"),
    "windows.mp3": (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11" + bytes(5000), "unsupported_format"),
    "cut.mp3": (MP3[: len(MP3) // 2], "truncated"),
    "cut.wav": (wav_of(MUSIC)[:-900_000], "truncated"),
    "cut.flac": (flac_of(MUSIC)[:-200_000], "truncated"),
    "ten-hours.flac": (tell_samples(flac_of(MUSIC), TEN_HOURS), "truncated"),
    "short.wav": (wav_of(MUSIC[: int(1.5 * RATE)]), "too_short"),
    "short.mp3": (encode_mp3(MUSIC[: int(1.5 * RATE)]), "too_short"),
    "silence.wav": (wav_of(MUSIC * 0), "silent"),
    "silence.mp3": (encode_mp3(MUSIC * 0), "silent"),
    "near-silence.wav": (wav_of(MUSIC * 1e-5), "silent"),
    "constant.wav": (wav_of(MUSIC * 0 + 0.7), "silent"),
    "nan.wav": (with_values(np.nan), "not_finite"),
    "infinite.wav": (with_values(np.inf), "not_finite"),
    "enormous.wav": (wav_of(MUSIC * 1e30), "not_finite"),
}
GOOD = {
    "square.wav": wav_of(np.sign(np.sin(np.arange(6 * RATE) * 0.06))[:, None].astype("f4")),
    "telephone.wav": wav_of(play_music(6, 8000, 1), 8000),
    "studio.wav": wav_of(play_music(6, 96000), 96000),
    "surround.wav": wav_of(play_music(6, 48000, 6), 48000),
    "bits.wav": wav_of(MUSIC, subtype="PCM_U8"),
    "loud.wav": wav_of(MUSIC * 50),
    "quiet.wav": wav_of(MUSIC * 3e-3),
    "bare.mp3": drop_xing(encode_mp3(MUSIC, mode="VARIABLE")),
    "fewer.mp3": tell_frames(MP3, 20),
    "ten-hours.mp3": tell_frames(MP3, TEN_HOURS // 1152),
    "opposite.wav": wav_of(MUSIC[:, :1] * np.array([1, -1], "f4")),
    "tagged.mp3": TAG + b"\x00\x01\x00\x00" + bytes(16384) + MP3 + b"TAG" + bytes(125),
    "stream.wav": wav_of(MUSIC)[:4] + b"\xff\xff\xff\xff" + wav_of(MUSIC)[8:],
    "named.mp3": flac_of(MUSIC),
}
