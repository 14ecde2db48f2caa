"""Small data sets that come with scikit-learn and need no download."""

from __future__ import annotations

import numpy as np

from spinloom.tasks.split import Split


def digits() -> Split:
    """Handwritten digits of 8 x 8 pixels: 64 features in [0, 1], 10 classes, 1797 samples cut 3 : 1 : 1 class by class.

    References
    ----------
    E. Alpaydin, C. Kaynak, Optical recognition of handwritten digits, UCI Machine Learning Repository (1998),
    doi:10.24432/C50P49.
    """
    from sklearn.datasets import load_digits  # a second that `spinloom --help` does not pay

    x, y = load_digits(return_X_y=True)
    return Split.from_arrays(np.asarray(x) / 16.0, np.asarray(y), name="digits", licence="CC BY 4.0")


def iris() -> Split:
    """Iris flowers: 4 features scaled to [0, 1], 3 classes, 150 samples cut 3 : 1 : 1 class by class.

    References
    ----------
    R. A. Fisher, The use of multiple measurements in taxonomic problems, Annals of Eugenics 7, 179 (1936),
    doi:10.1111/j.1469-1809.1936.tb02137.x.
    """
    from sklearn.datasets import load_iris

    x, y = load_iris(return_X_y=True)
    x = np.asarray(x)
    x = (x - x.min(axis=0)) / (x.max(axis=0) - x.min(axis=0))
    return Split.from_arrays(x, np.asarray(y), name="iris", licence="CC BY 4.0")
