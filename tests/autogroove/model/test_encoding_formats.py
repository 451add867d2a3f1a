"""The same music in different formats is the same to the network."""

import numpy as np
import pytest
import soxr
from sounds import encode_by_ffmpeg

from autogroove.audio import open_bytes, read_clips
from autogroove.config import Settings
from autogroove.model import build_autoencoder, encode_images, frame_seconds, load_pretrained
from autogroove.segments import image_shape, make_images, plan_transform
from autogroove.source.groovebox.mix import render_track
from autogroove.source.groovebox.plan import DemoSpec, plan_demo

FORMATS = {
    "mp3": (44100, "mp3", "libmp3lame", "fltp"),
    "m4a": (44100, "ipod", "aac", "fltp"),
    "opus": (48000, "ogg", "libopus", "s16"),
    "flac": (44100, "flac", "flac", "s16"),
}


@pytest.mark.long
@pytest.mark.slow
def test_each_format_of_a_track_is_nearest_to_its_other_formats() -> None:
    settings = Settings.from_preset("groove")
    recipe = settings.spectrogram
    network = build_autoencoder(settings.model, image_shape(recipe), frame_seconds(recipe))
    load_pretrained(network)
    encodings, tracks = [], []
    for track in plan_demo(DemoSpec(num_tracks=6, track_seconds=12.0)):
        samples = render_track(track)
        for rate, form, codec, kind in FORMATS.values():
            resampled = samples if rate == 44100 else soxr.resample(samples, 44100, rate)
            content = encode_by_ffmpeg(resampled.astype("f4"), rate, form, codec, kind)
            clips = read_clips(open_bytes("a", content), settings.clip, plan_transform(recipe).band)
            images = make_images(clips.samples, clips.sample_rate_hz, recipe)
            encodings.append(encode_images(network, images).mean(axis=0))
            tracks.append(track.track_id)
    points = np.array(encodings)
    distances = np.linalg.norm(points[:, None] - points[None], axis=-1)
    np.fill_diagonal(distances, np.inf)
    nearest = np.argsort(distances, axis=1)[:, : len(FORMATS) - 1]
    np.testing.assert_array_equal(np.array(tracks)[nearest], np.array(tracks)[:, None].repeat(3, 1))
