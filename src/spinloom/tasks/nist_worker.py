"""A process of its own that tests streams: the compiled tests hold Python's lock, keep memory, and print remarks.

Reads an ``.npz`` of packed bits from stdin, writes the p-values as ``.npy`` to stdout.
"""

from __future__ import annotations

import io
import os
import sys

import numpy as np

from spinloom.tasks.nist_tests import by_name


def p_values(packed: np.ndarray, count: int, names: list[str]) -> np.ndarray:
    """P-values (rows, streams) of the named tests on packed streams of ``count`` bits."""
    tests = [by_name()[name] for name in names]
    columns = []
    for row in packed:
        bits = np.unpackbits(row, count=count)
        columns.append(np.concatenate([test.p_values(bits) for test in tests]))
    return np.stack(columns, axis=1)


def main() -> None:
    """Test what stdin holds."""
    answer = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # the compiled tests print remarks, which are no answer
    with np.load(io.BytesIO(sys.stdin.buffer.read())) as given:
        found = p_values(given["packed"], int(given["count"]), [str(name) for name in given["names"]])
    packed = io.BytesIO()
    np.save(packed, found)
    with answer:
        answer.write(packed.getvalue())


if __name__ == "__main__":
    main()
