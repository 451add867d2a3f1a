"""FFmpeg's containers: which may be opened, their packets, and samples as arrays.

What belongs here: what PyAV is told and what it gives, without any idea of positions.
What does not: how long the sound is, or decoding parts of it (`ffmpeg`).
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO, TypeAlias, cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from numpy.typing import NDArray

from autogroove.audio.files import AudioFault
from autogroove.source import Reason

FFMPEG_VERSION = av.ffmpeg_version_info

_FORMATS = (
    "aac,ac3,aiff,amr,amrnb,amrwb,ape,asf,au,avi,bonk,caf,dsf,dts,dtshd,eac3,flac,flv,gsm,iff,"
    "ircam,loas,matroska,mlp,mov,mp3,mpc,mpc8,mpeg,mpegts,nistsphere,nut,oga,ogg,oma,osq,qoa,rm,"
    "rka,shn,sox,tak,truehd,tta,voc,vqf,w64,wav,wavarc,wsd,wtv,wv,xwma"
)
"""What may be opened: no playlists, pictures, scripts or raw data."""
_PROTECTED = ("drms", "enca", "p608")

_SCALES = {"u8": 128.0, "s16": 32768.0, "s32": 2147483648.0, "s64": 2.0**63}


SoundPacket: TypeAlias = "Packet[AudioStream]"


def open_container(file: BinaryIO, form: str | None) -> tuple[InputContainer, AudioStream]:
    """A container and its best stream of sound; `form` is FFmpeg's name of the format, if known.

    Raises:
        AudioFault: nothing in it can be decoded.
    """
    file.seek(0)
    options = {"format_whitelist": _FORMATS, "protocol_whitelist": "", "enable_drefs": "0"}
    try:
        container = av.open(
            file, "r", format=form, options=options, buffer_size=1 << 16, metadata_errors="ignore"
        )
    except av.FFmpegError as error:
        raise AudioFault(Reason.not_audio, f"FFmpeg: {error.strerror}.") from error
    stream = cast(AudioStream | None, container.streams.best("audio"))
    streams = [s for s in container.streams if s.type == "audio"]
    if stream is None and not streams:
        raise AudioFault(Reason.not_audio, f"No sound in {container.format.long_name}.")
    context = None if stream is None else stream.codec_context
    if stream is None or context is None or not context.codec.is_decoder:
        raise AudioFault(
            Reason.unsupported_format, f"No decoder for the sound in {container.format.long_name}."
        )
    if context.codec_tag in _PROTECTED:
        raise AudioFault(Reason.unsupported_format, "It is protected (DRM): only its shop's own "
                         "player can decode it.")  # fmt: skip
    context.thread_count = 1
    return container, stream


def demux(container: InputContainer, stream: AudioStream) -> "Iterator[SoundPacket | None]":
    """The packets of a stream, and None at their end, be it a fault."""
    with suppress(av.FFmpegError):
        for packet in container.demux(stream):
            if packet.size:
                yield packet
    yield None


def is_cover(stream: "av.stream.Stream") -> bool:
    """Whether a stream is a picture on the cover."""
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def to_array(frame: AudioFrame) -> NDArray[np.float32]:
    """The samples of a frame: float32 (samples, channels), full scale 1."""
    name = frame.format.name
    values = frame.to_ndarray()
    values = values.T if frame.format.is_planar else values.reshape(frame.samples, -1)
    scale = _SCALES.get(name.removesuffix("p"))
    if scale is None:
        return values.astype(np.float32, copy=False)
    if name.startswith("u8"):
        return (values.astype(np.float32) - 128) / np.float32(scale)
    return values.astype(np.float32) / np.float32(scale)
