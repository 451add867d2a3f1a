"""The inner loops of the teacher's sound, compiled.

What belongs here: strokes, notes and effects, a sample at a time. Levels are full scale = 1,
times seconds, all at `SAMPLE_RATE_HZ`. What does not: any random choice.
"""

import numpy as np
from numpy.typing import NDArray

from autogroove.audio.layer3 import compiled

SAMPLE_RATE_HZ = 22050
TABLE_SAMPLES = 2048
Samples = NDArray[np.float32]
Doubles = NDArray[np.float64]


@compiled
def strike(
    out: Samples,
    noise: Samples,
    partials_hz: Doubles,
    levels: Doubles,
    tone: Doubles,
    hiss: Doubles,
) -> None:
    """One stroke of a drum, written to `out`.

    tone: seconds, sweep, sweep seconds, square (1) or sine (0).
    hiss: level, seconds, low hz, high hz, bursts, gap seconds, attack seconds, click.
    """
    step = 1.0 / SAMPLE_RATE_HZ
    tone_level, tone_fall = 1.0, np.exp(-step / tone[0])
    bend, bend_fall = tone[1] - 1.0, np.exp(-step / tone[2])
    burst, burst_fall = 0.0, np.exp(-step / hiss[1])
    rise = 1.0 - np.exp(-step / max(hiss[6], 1e-5))
    click, click_fall = hiss[7], np.exp(-step / 0.002)
    low = 1.0 - np.exp(-2 * np.pi * hiss[2] * step)
    high = 1.0 - np.exp(-2 * np.pi * hiss[3] * step)
    gap, bursts, risen = max(1, int(hiss[5] * SAMPLE_RATE_HZ)), int(hiss[4]), 0.0
    below, below2, above, above2 = 0.0, 0.0, 0.0, 0.0
    phases = np.zeros(len(partials_hz))
    for i in range(len(out)):
        if i % gap == 0 and i // gap < bursts:
            burst = 1.0
        value = 0.0
        if tone_level > 1e-3:
            for k in range(len(phases)):
                phases[k] += partials_hz[k] * (1.0 + bend) * step
                if tone[3] > 0:
                    sign = 1.0 if phases[k] - np.floor(phases[k]) < 0.5 else -1.0
                    value += levels[k] * sign
                else:
                    value += levels[k] * np.sin(np.float32(2 * np.pi * phases[k]))
            value *= tone_level
        risen += rise * (burst - risen)
        shaped = noise[i] * (hiss[0] * (risen if hiss[6] > 0 else burst) + click)
        if tone[3] > 0:  # metal goes through the filter of the noise
            shaped += value
            value = 0.0
        above += high * (shaped - above)
        above2 += high * (above - above2)
        below += low * (above2 - below)
        below2 += low * (above2 - below - below2)
        out[i] = value + (above2 - below - below2)
        tone_level *= tone_fall
        bend *= bend_fall
        burst *= burst_fall
        click *= click_fall


@compiled
def add_strokes(
    buffer: Samples,
    shots: Samples,
    firsts: NDArray[np.int64],
    lengths: NDArray[np.int64],
    at: Doubles,
    gains: Doubles,
    dulls: Doubles,
    rates: Doubles,
    stops: Doubles,
) -> None:
    """Add shots[firsts : firsts + lengths] at times `at` (seconds, may be negative).

    dulls: one-pole low-pass, 1 lets everything through. rates: speed of playing. stops: seconds
    after which a stroke is choked.
    """
    for s in range(len(at)):
        begin = int(np.floor(at[s] * SAMPLE_RATE_HZ))
        count = min(int((lengths[s] - 2) / rates[s]), int(stops[s] * SAMPLE_RATE_HZ))
        count = min(count, len(buffer) - begin)
        state, fade = 0.0, min(200, count)
        for i in range(max(0, -begin), count):
            place = i * rates[s]
            j = int(place)
            share = place - j
            value = shots[firsts[s] + j] * (1 - share) + shots[firsts[s] + j + 1] * share
            state += dulls[s] * (value - state)
            edge = min(1.0, (count - i) / fade)
            buffer[begin + i] += gains[s] * edge * state


@compiled
def add_notes(
    buffer: Samples,
    tables: Samples,
    hz: Doubles,
    at: Doubles,
    seconds: Doubles,
    gains: Doubles,
    shape: Doubles,
) -> None:
    """Add notes of two tables (2, TABLE_SAMPLES): steady, and bright that dies away.

    shape: attack, decay, sustain, release, bright seconds, vibrato depth, vibrato hz, and for
    frequency modulation its ratio and index (index 0: none).
    """
    step = 1.0 / SAMPLE_RATE_HZ
    mask = TABLE_SAMPLES - 1
    attack = max(1.0, shape[0] * SAMPLE_RATE_HZ)
    fall, leave = np.exp(-step / shape[1]), np.exp(-step / shape[3])
    darken = np.exp(-step / shape[4])
    for s in range(len(at)):
        begin = int(np.floor(at[s] * SAMPLE_RATE_HZ))
        held = int(seconds[s] * SAMPLE_RATE_HZ)
        count = min(held + int(5 * shape[3] * SAMPLE_RATE_HZ), len(buffer) - begin)
        decayed, left, bright, phase, other = 1.0, 1.0, 1.0, 0.0, 0.0
        speed = hz[s] * step * TABLE_SAMPLES
        wobble = 2 * np.pi * shape[6] * step
        for i in range(count):
            level = min(1.0, i / attack) * (shape[2] + (1 - shape[2]) * decayed)
            if i > held:
                left *= leave
                level *= left
            if level < 1e-3 and i > attack:
                break
            place = phase
            if shape[8] > 0:
                deep = tables[0, int(other) & mask] * shape[8] * bright * TABLE_SAMPLES
                place += deep * 0.159 + TABLE_SAMPLES * 16
                other += speed * shape[7]
            j = int(place)
            share = place - j
            a, b = j & mask, (j + 1) & mask
            value = tables[0, a] * (1 - share) + tables[0, b] * share
            if shape[8] <= 0:
                value += bright * (tables[1, a] * (1 - share) + tables[1, b] * share)
            if begin + i >= 0:
                buffer[begin + i] += gains[s] * level * value
            if shape[5] > 0:
                phase += speed * (1 + shape[5] * np.sin(np.float32(wobble * i)))
            else:
                phase += speed
            if i > attack:
                decayed *= fall
            bright *= darken


@compiled
def add_plucks(
    buffer: Samples,
    noise: Samples,
    hz: Doubles,
    at: Doubles,
    seconds: Doubles,
    gains: Doubles,
    damping: float,
    loss: float,
) -> None:
    """Add plucked strings (Karplus and Strong 1983); `damping` dulls them, `loss` shortens."""
    for s in range(len(at)):
        begin = int(np.floor(at[s] * SAMPLE_RATE_HZ))
        period = SAMPLE_RATE_HZ / hz[s] - damping
        size = int(period)
        share = period - size
        line = np.zeros(size + 1)
        dull = 0.0
        for k in range(size + 1):
            dull += 0.5 * (noise[(s * 997 + k) % len(noise)] - dull)
            line[k] = dull
        held = int(seconds[s] * SAMPLE_RATE_HZ)
        count = min(held + 1500, len(buffer) - begin)
        keep, last, level, place = 1.0 - loss / hz[s], 0.0, 1.0, 0
        for i in range(count):
            following = 0 if place == size else place + 1
            value = line[place] * share + line[following] * (1 - share)
            line[place] = keep * ((1 - damping) * value + damping * last)
            last = value
            place = following
            if i > held:
                level *= 0.996
            if begin + i >= 0:
                buffer[begin + i] += gains[s] * level * value


@compiled
def equalise(buffer: Samples, sections: Doubles) -> None:
    """Three biquads in place: sections (3, 5), b0 b1 b2 a1 a2, transposed form II."""
    a = np.zeros((3, 2))
    for i in range(len(buffer)):
        x = np.float64(buffer[i])
        for k in range(3):
            y = sections[k, 0] * x + a[k, 0]
            a[k, 0] = sections[k, 1] * x - sections[k, 3] * y + a[k, 1]
            a[k, 1] = sections[k, 2] * x - sections[k, 4] * y
            x = y
        buffer[i] = x


@compiled
def add_room(buffer: Samples, level: float, seconds: float, dull: float, size: float) -> None:
    """Add a room: four feedback combs (Schroeder 1962) whose echoes lose their treble."""
    combs = np.array([701.0, 823.0, 911.0, 997.0]) * size
    delays = combs.astype(np.int64)
    lines = np.zeros((4, delays.max() + 1), np.float32)
    gains = np.exp(-6.9 * delays / SAMPLE_RATE_HZ / seconds)
    places = np.zeros(4, np.int64)
    states = np.zeros(4)
    for i in range(len(buffer)):
        wet = 0.0
        for k in range(4):
            echo = lines[k, places[k]]
            wet += echo
            states[k] += dull * (echo - states[k])
            lines[k, places[k]] = buffer[i] + gains[k] * states[k]
            places[k] = 0 if places[k] + 1 == delays[k] else places[k] + 1
        buffer[i] += level * wet


@compiled
def compress(buffer: Samples, threshold: float, slope: float, release: float) -> None:
    """Turn down what is above the threshold: gain (threshold / level) ** slope, in place."""
    level, gain, aim = 0.0, 1.0, 1.0
    fall = np.exp(-16.0 / SAMPLE_RATE_HZ / release)
    for start in range(0, len(buffer), 16):
        end = min(start + 16, len(buffer))
        top = 0.0
        for i in range(start, end):
            top = max(top, abs(buffer[i]))
        level = max(top, level * fall)
        aim = (threshold / level) ** slope if level > threshold else 1.0
        for i in range(start, end):
            gain += 0.05 * (aim - gain)
            buffer[i] *= gain


@compiled
def drift(buffer: Samples, out: Samples, depth: float, hz: float, phase: float) -> None:
    """A tape that runs unevenly: `depth` seconds early and late."""
    for i in range(len(out)):
        sway = np.sin(np.float32(2 * np.pi * hz * i / SAMPLE_RATE_HZ + phase))
        place = i + depth * SAMPLE_RATE_HZ * sway
        place = min(max(place, 0.0), len(buffer) - 2.0)
        j = int(place)
        out[i] = buffer[j] + (place - j) * (buffer[j + 1] - buffer[j])


@compiled
def pump(buffer: Samples, at: Doubles, depth: float, seconds: float) -> None:
    """Push everything down at times `at`, in order; it comes back within `seconds`, thrice."""
    fall = np.exp(-1.0 / SAMPLE_RATE_HZ / seconds)
    down, following = 0.0, 0
    for i in range(len(buffer)):
        while following < len(at) and at[following] * SAMPLE_RATE_HZ <= i:
            down = depth
            following += 1
        buffer[i] *= 1.0 - down
        down *= fall
