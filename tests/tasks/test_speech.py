"""Spoken digits: tones with a known spectrum, a small archive of the data set's form, and the data set itself."""

from __future__ import annotations

import io
import wave
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spinloom.errors import DataError, InputError, OutputError, UnknownNameError
from spinloom.tasks import archive, data, speech

RATE = 8000


def wav(sound: np.ndarray, channels: int = 1, width: int = 2) -> bytes:
    held = io.BytesIO()
    with wave.open(held, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(RATE)
        file.writeframes((np.asarray(sound) * 32767).astype("<i2").tobytes())
    return held.getvalue()


def tone(hertz: float, seconds: float = 0.2) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)


# ---- spectra --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [1, 10, 40, 63])
def test_a_tone_in_the_middle_of_a_bin(k: int) -> None:
    """A Hann window puts a tone of exactly bin k into k (amplitude 1/2) and its two neighbours (1/4 each): 6.02 dB."""
    found = speech.spectrum(tone(k * RATE / 128))
    assert found.shape == (64,)
    assert np.argmax(found) == k - 1
    assert found[k - 1] == pytest.approx(1.0, abs=1e-6)
    side = 1.0 - 20.0 * np.log10(2.0) / speech.RANGE_DB
    for place in (k - 2, k):
        if k not in (1, 63):  # there the negative frequency leaks in, from the other side of 0 and of rate/2
            assert found[place] == pytest.approx(side, abs=2e-3)  # the last frame's phase, and float32
    far = np.abs(np.arange(1, 65) - k) > 2
    assert found[far].max() == 0.0  # more than 60 dB down


def test_the_level_drops_out_and_silence_is_zero() -> None:
    sound = tone(1000) + 0.1 * tone(2200)
    assert np.allclose(speech.spectrum(sound), speech.spectrum(0.01 * sound), atol=1e-5)  # float32
    assert not speech.spectrum(np.zeros(500)).any()


def test_segments_tell_the_order() -> None:
    """Two tones one after the other: the whole has both, each half its own."""
    first, second = tone(1000), tone(3000)
    halves = speech.spectrum(np.concatenate([first, second]), 64, 2).reshape(2, 64)
    assert [int(np.argmax(half)) for half in halves] == [15, 47]
    assert halves[0, 47] < 0.7  # one frame straddles the border
    assert halves[0].max() == pytest.approx(halves[1].max(), abs=1e-2)


@pytest.mark.parametrize("samples", [1, 100, 128, 129, 700])
def test_short_sounds_are_filled_up(samples: int) -> None:
    assert speech.spectrum(np.ones(samples), 64, 4).shape == (256,)


@pytest.mark.parametrize(("bins", "segments"), [(0, 1), (64, 0), (1.5, 1), (True, 1)])
def test_bins_and_segments_are_whole(bins: int, segments: int) -> None:
    with pytest.raises(InputError, match="whole number from 1"):
        speech.spectrum(tone(500), bins, segments)


@pytest.mark.parametrize("sound", [np.zeros((2, 100)), np.zeros(0), np.array([0.0, np.nan])])
def test_a_sound_is_a_row_of_numbers(sound: np.ndarray) -> None:
    with pytest.raises(InputError, match="one row of finite numbers"):
        speech.spectrum(sound)


# ---- recordings -----------------------------------------------------------------------------------------------------


def test_recordings_are_read_in_order() -> None:
    files = [("7_theo_10.wav", wav(tone(300))), ("0_lucas_12.wav", wav(tone(300))), ("0_lucas_3.wav", wav(tone(440)))]
    found = speech.recordings(files)
    assert [(one.digit, one.speaker, one.take) for one in found] == [(0, "lucas", 3), (0, "lucas", 12), (7, "theo", 10)]
    assert np.abs(found[0].sound - tone(440)).max() < 1e-4  # 16 bits
    assert found[0].rate == RATE


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("seven.wav", wav(tone(300)), "not named"),
        ("7_theo_1.wav", b"RIFF", "no wav file"),
        ("7_theo_1.wav", wav(tone(300), channels=2), "2 channels"),
        ("7_theo_1.wav", wav(tone(300), width=1), "8 bits"),
    ],
)
def test_other_recordings_are_refused(name: str, content: bytes, said: str) -> None:
    with pytest.raises(DataError, match=said):
        speech.recordings([(name, content)])


# ---- the archive ----------------------------------------------------------------------------------------------------


@pytest.fixture
def contents() -> list[tuple[str, bytes]]:
    """Takes 0..6 of two digits by one speaker."""
    return [(f"{d}_theo_{t}.wav", wav(tone(500 + 1500 * d + 20 * t))) for d in (0, 1) for t in range(7)]


def packed(path: Path, contents: list[tuple[str, bytes]], prefix: str = "recordings/") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("other/README.md", "not a recording")
        for name, content in reversed(contents):
            file.writestr(prefix + name, content)
    return path


@pytest.fixture
def small(contents: list[tuple[str, bytes]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> archive.ArchiveFile:
    """The file of record for these tests, an empty cache, and the 'web' a file on disk, packed in another way."""
    web = packed(tmp_path / "web.zip", contents, prefix="free-spoken-digit-dataset-1306/recordings/")
    record = replace(data.FSDD, url=web.as_uri(), count=len(contents), sha256=archive.contents_digest(contents))
    monkeypatch.setattr(data, "FSDD", record)
    monkeypatch.setattr(data, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.delenv("SPINLOOM_DATA", raising=False)
    return record


def test_digits_are_fetched_once_and_split_by_take(small: archive.ArchiveFile, tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    split = data.spoken_digits(progress=lambda done, total: steps.append((done, total)))
    assert (len(split.train_y), len(split.valid_y), len(split.test_y)) == (4, 0, 10)
    assert list(split.train_y) == [0, 0, 1, 1]
    assert split.features == 64
    assert steps == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert [p.name for p in (tmp_path / "cache").rglob("*") if p.is_file()] == ["recordings.zip"]
    (tmp_path / "web.zip").unlink()  # a second fetch would now fail
    again = data.spoken_digits(bins=32, segments=2)
    assert again.features == 64
    assert not np.array_equal(again.test_x, split.test_x)


def test_an_archive_packed_by_someone_else_is_as_good(
    small: archive.ArchiveFile, contents: list[tuple[str, bytes]], tmp_path: Path
) -> None:
    packed(tmp_path / "mine" / small.path, contents, prefix="any/folder/recordings/")
    assert len(data.spoken_digits(folder=tmp_path / "mine").test_y) == 10


@pytest.mark.parametrize("harm", ["missing", "changed", "no archive", "huge"])
def test_another_archive_is_refused(
    small: archive.ArchiveFile, contents: list[tuple[str, bytes]], tmp_path: Path, harm: str
) -> None:
    changed = {
        "missing": contents[1:],
        "changed": [(contents[0][0], contents[0][1][:-1] + b"\7"), *contents[1:]],
        "huge": [(contents[0][0], bytes(2 << 20)), *contents[1:]],
    }.get(harm, contents)
    path = packed(tmp_path / "mine" / small.path, changed)
    if harm == "no archive":
        path.write_bytes(b"nothing of the kind")
    with pytest.raises(DataError, match="spinloom data fetch fsdd"):
        data.spoken_digits(folder=tmp_path / "mine")
    packed(tmp_path / "web.zip", changed)
    with pytest.raises(DataError, match="thrown away") if harm != "no archive" else pytest.raises(DataError):
        if harm == "no archive":
            (tmp_path / "web.zip").unlink()
        data.fetch("fsdd", folder=tmp_path / "new")
    assert not [p for p in (tmp_path / "new").rglob("*") if p.is_file()]


def test_without_a_network_the_message_says_what_to_put_where(small: archive.ArchiveFile, tmp_path: Path) -> None:
    (tmp_path / "web.zip").unlink()
    with pytest.raises(DataError, match=r"on another machine.*fsdd.recordings\.zip"):
        data.fetch("fsdd", folder=tmp_path / "new")


def test_a_folder_that_cannot_be_written(small: archive.ArchiveFile, tmp_path: Path) -> None:
    (tmp_path / "new").write_text("a file where a folder should be")
    with pytest.raises(OutputError, match="cannot be written"):
        data.fetch("fsdd", folder=tmp_path / "new")


def test_names_that_are_close() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'fsdd'"):
        data.fetch("fsd")


def test_the_real_recordings() -> None:
    """The data set's own numbers: 6 speakers x 10 digits x 50 takes, takes 0 to 4 for the test."""
    if not next(entry for entry in data.available() if entry.name == "fsdd").present:
        pytest.skip("the recordings are not here: spinloom data fetch fsdd")
    split = data.spoken_digits()
    assert (len(split.train_y), len(split.valid_y), len(split.test_y)) == (2700, 0, 300)
    assert np.array_equal(np.bincount(split.train_y), np.full(10, 270))
    assert np.array_equal(np.bincount(split.test_y), np.full(10, 30))
    assert split.train_x.min() == 0.0
    assert split.train_x.max() == 1.0
    assert "CC BY-SA 4.0" in split.licence
