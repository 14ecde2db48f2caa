"""Demagnetisation factors (N_x + N_y + N_z = 1) of a thin film, a rectangular prism and a general ellipsoid.

The field is B_d = -mu0 M_s (N_x m_x, N_y m_y, N_z m_z).
"""

from __future__ import annotations

import math


def thin_film() -> tuple[float, float, float]:
    """(0, 0, 1): an infinite film with its normal along z."""
    return 0.0, 0.0, 1.0


def _prism_axis(a: float, b: float, c: float) -> float:
    """N along the edge 2c of the prism 2a x 2b x 2c (Aharoni, J. Appl. Phys. 83, 3432, eq. 1)."""
    ab, bc, ac = math.hypot(a, b), math.hypot(b, c), math.hypot(a, c)
    abc = math.sqrt(a * a + b * b + c * c)
    total = (b * b - c * c) / (2 * b * c) * math.log((abc - a) / (abc + a))
    total += (a * a - c * c) / (2 * a * c) * math.log((abc - b) / (abc + b))
    total += b / (2 * c) * math.log((ab + a) / (ab - a)) + a / (2 * c) * math.log((ab + b) / (ab - b))
    total += c / (2 * a) * math.log((bc - b) / (bc + b)) + c / (2 * b) * math.log((ac - a) / (ac + a))
    total += 2 * math.atan(a * b / (c * abc)) + (a**3 + b**3 - 2 * c**3) / (3 * a * b * c)
    total += (a * a + b * b - 2 * c * c) / (3 * a * b * c) * abc + c / (a * b) * (ac + bc)
    total -= (ab**3 + bc**3 + ac**3) / (3 * a * b * c)
    return total / math.pi


def prism(length: float, width: float, thickness: float) -> tuple[float, float, float]:
    """Factors along x, y, z of a uniformly magnetised rectangular prism, edges [m] along x, y, z.

    Closed form of Aharoni (doi:10.1063/1.367113), valid for any aspect ratio that double precision resolves
    (edges within a factor 1e4 of each other).
    """
    return (
        _prism_axis(thickness, width, length),
        _prism_axis(length, thickness, width),
        _prism_axis(length, width, thickness),
    )


def _carlson_rd(x: float, y: float, z: float) -> float:
    """Carlson's R_D(x, y, z) = 3/2 int_0^inf dt / ((t+z) sqrt((t+x)(t+y)(t+z))), by the duplication theorem."""
    total, weight = 0.0, 1.0
    while True:
        mean = (x + y + 3.0 * z) / 5.0
        dx, dy, dz = (mean - x) / mean, (mean - y) / mean, (mean - z) / mean
        if max(abs(dx), abs(dy), abs(dz)) < 1e-3:  # the series below is then good to 1e-18
            break
        root = math.sqrt(x * y) + math.sqrt(y * z) + math.sqrt(x * z)
        total += weight / (math.sqrt(z) * (z + root))
        weight /= 4.0
        x, y, z = (x + root) / 4.0, (y + root) / 4.0, (z + root) / 4.0
    ea, eb = dx * dy, dz * dz
    ec, ed = ea - eb, ea - 6.0 * eb
    ee = ed + ec + ec
    series = 1.0 + ed * (-3.0 / 14.0 + 9.0 / 88.0 * ed - 9.0 / 52.0 * dz * ee)
    series += dz * (ee / 6.0 + dz * (-9.0 / 22.0 * ec + dz * 3.0 / 26.0 * ea))
    return 3.0 * total + weight * series / (mean * math.sqrt(mean))


def ellipsoid(length: float, width: float, thickness: float) -> tuple[float, float, float]:
    """Factors of a general ellipsoid with axes [m] along x, y, z (Osborn, doi:10.1103/PhysRev.67.351).

    N_i = (a b c/3) R_D of the squared semi-axes with the i-th one last; the three add up to 1.
    """
    a, b, c = length**2, width**2, thickness**2
    volume = length * width * thickness / 3.0
    return volume * _carlson_rd(b, c, a), volume * _carlson_rd(a, c, b), volume * _carlson_rd(a, b, c)
