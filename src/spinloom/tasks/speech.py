"""From recordings of speech to spectra that a network can take."""

from __future__ import annotations

import io
import re
import wave
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from spinloom.errors import DataError, InputError

RANGE_DB = 60.0
"""What lies this far below a recording's strongest bin is 0."""
_NAME = re.compile(r"(\d)_([a-z]+)_(\d+)\.wav")


@final
@dataclass(frozen=True, eq=False)
class Recording:
    """One spoken digit: who said what, which take, and the sound in -1..1, shape (samples,), float32."""

    digit: int
    speaker: str
    take: int
    sound: np.ndarray
    rate: int


def recordings(files: Iterable[tuple[str, bytes]]) -> list[Recording]:
    """Recordings from files named ``digit_speaker_take.wav``, ordered by digit, speaker and take.

    Raises
    ------
    DataError
        Another name, or no wav file of one channel and 16 bits.
    """
    found = []
    for name, content in files:
        match = _NAME.fullmatch(name)
        if match is None:
            raise DataError(f"'{name}' is not named digit_speaker_take.wav.")
        try:
            with wave.open(io.BytesIO(content)) as sound:
                form = (sound.getnchannels(), sound.getsampwidth())
                samples, rate = sound.readframes(sound.getnframes()), sound.getframerate()
        except (wave.Error, EOFError) as error:
            raise DataError(f"'{name}' is no wav file ({error}).") from error
        if form != (1, 2):
            raise DataError(f"'{name}' has {form[0]} channels of {8 * form[1]} bits; one channel of 16 bits is read.")
        heard = np.frombuffer(samples, "<i2").astype(np.float32) / 32768.0
        found.append(Recording(int(match[1]), match[2], int(match[3]), heard, rate))
    return sorted(found, key=lambda one: (one.digit, one.speaker, one.take))


def spectrum(sound: np.ndarray, bins: int = 64, segments: int = 1) -> np.ndarray:
    """Averaged power spectrum of a sound on a scale of 60 dB: 1 for its strongest bin, 0 for 60 dB below and less.

    Frames of 2 bins samples under a Hann window, half overlapping; the power |FFT|^2 at the frequencies
    k rate/(2 bins), k = 1..bins (the mean of the sound, k = 0, is left out), averaged over the frames of each of
    ``segments`` parts of equal length. The level at which it was recorded drops out.

    Parameters
    ----------
    sound : array, shape (samples,)
        At any scale; silence gives zeros.
    bins, segments : int
        At 8 kHz, 64 bins are 62.5 Hz apart and a frame lasts 16 ms.

    Returns
    -------
    array, shape (segments * bins,), float32
        In [0, 1], segment by segment.

    Raises
    ------
    InputError
        Fewer than one bin or segment; a sound that is not one row of finite numbers.
    """
    for value, what in ((bins, "bins"), (segments, "segments")):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise InputError(f"{what} = {value!r}: give a whole number from 1 upwards.")
    sound = np.asarray(sound, dtype=np.float32)
    if sound.ndim != 1 or not sound.size or not np.isfinite(sound).all():
        raise InputError(
            f"A sound is one row of finite numbers, not an array of shape {sound.shape} or with NaN in it."
        )
    length = 2 * bins
    frames_needed = length + (segments - 1) * bins  # at least one frame a segment
    if sound.size < frames_needed:
        sound = np.pad(sound, (0, frames_needed - sound.size))
    window = np.hanning(length + 1)[:-1].astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(sound, length)[::bins] * window
    power = np.abs(np.fft.rfft(frames, axis=1))[:, 1:] ** 2
    mean = np.concatenate([part.mean(axis=0) for part in np.array_split(power, segments)])
    if not mean.max() > 0.0:
        return np.zeros(segments * bins, dtype=np.float32)
    with np.errstate(divide="ignore"):
        level = 10.0 * np.log10(mean / mean.max())
    return np.clip(1.0 + level / RANGE_DB, 0.0, 1.0).astype(np.float32)


def spectra(sounds: Sequence[Recording], bins: int = 64, segments: int = 1) -> np.ndarray:
    """The :func:`spectrum` of each recording, shape (recordings, segments * bins)."""
    return np.stack([spectrum(one.sound, bins, segments) for one in sounds])
