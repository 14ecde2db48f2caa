"""Reading numpy arrays out of a pickle without trusting it."""

from __future__ import annotations

import io
import pickle
from typing import Any, final

import numpy as np

from spinloom.errors import DataError

_PLAIN = "biuf"  # booleans, integers, floats: nothing that could hold a Python object


_NDARRAY = object()  # stands for numpy.ndarray in the pickle; the class itself could be called with any size


def _reconstruct(subtype: object, shape: tuple[int, ...], _code: bytes | str) -> np.ndarray:
    """An empty array whose shape, type and contents the pickle sets next, as numpy's function of that name makes it."""
    if subtype is not _NDARRAY or shape != (0,):
        raise pickle.UnpicklingError("an array made in an unusual way")
    return np.ndarray.__new__(np.ndarray, shape, "b")


def _dtype(code: str | bytes, align: bool = False, copy: bool = True) -> np.dtype[Any]:
    text = code.decode("ascii") if isinstance(code, bytes) else str(code)
    dtype = np.dtype(text, align=bool(align), copy=bool(copy))
    if dtype.kind not in _PLAIN:
        raise pickle.UnpicklingError(f"an array of '{text}'")
    return dtype


def _latin1(text: str, encoding: str) -> bytes:
    """The contents of an array as Python 3 writes bytes in the older protocols."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"text in the encoding '{encoding}'")
    return text.encode("latin1")


_ADMITTED: dict[tuple[str, str], Any] = {
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy", "ndarray"): _NDARRAY,
    ("numpy", "dtype"): _dtype,
    ("_codecs", "encode"): _latin1,
}


@final
class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """Admit what an array is rebuilt from, and nothing else."""
        try:
            return _ADMITTED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"'{module}.{name}', which is no array") from None


def read_arrays(stream: io.BufferedIOBase, name: str) -> Any:
    """Tuples, lists and dictionaries of plain numpy arrays from a pickle; every other content is refused.

    Parameters
    ----------
    stream : binary file
        The pickle, of protocol 0 to 4, written by Python 2 or 3.
    name : str
        What the file is called in the message.

    Raises
    ------
    DataError
        The pickle asks for anything but numpy arrays, or is no pickle.
    """
    try:
        return _ArrayUnpickler(stream, encoding="latin1").load()
    except (pickle.UnpicklingError, EOFError, ValueError, TypeError, AttributeError, IndexError, KeyError) as error:
        raise DataError(
            f"{name} holds more than numpy arrays or is damaged ({error}). It was not read; use the original file."
        ) from error
