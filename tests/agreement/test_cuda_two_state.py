"""Two-state junctions, CUDA against CPU: PTX without a device, numba's simulator, and for real where there is one."""

from __future__ import annotations

import numpy as np
import pytest

from spinloom.devices import Samples, device
from spinloom.engines import cuda

needs_device = pytest.mark.skipif(not cuda.available(), reason="numba finds no CUDA device here")


@pytest.mark.slow
def test_steps_compile_to_ptx_without_a_device(python) -> None:
    out = python("""
        from spinloom.engines import Sizes, cuda
        from spinloom.physics import rng, telegraph
        for step, sizes in ((telegraph.constant_step, Sizes(2, 2, 0)), (telegraph.driven_step, Sizes(2, 4, 1))):
            text = cuda.ptx(step, rng.draw, sizes)
            print(".visible .entry" in text, text.count(".f64"))
    """)
    # one kernel each, and a float32 kernel that computes nothing in double precision
    assert out.split("\n")[:2] == ["True 0", "True 0"]


@pytest.mark.slow
def test_simulated_cuda_gives_the_processors_states(python) -> None:
    """The same random bits and, but for a draw within rounding of its probability (1e-6), the same states."""
    out = python(
        """
        import numpy as np
        from spinloom.devices import Samples, device
        junctions = device("Zhang2022_mtj", thermal_stability=5.0).two_state(4)
        for wave in ({}, {"waveform": Samples([0.0, 1e-6], [-1.0, 1.0])}):
            run = dict(current=1e-4, step=5e-8, steps=20, seed=2, every=4, **wave)
            one, two = (junctions.follow(**run, engine=e) for e in ("cpu", "cuda"))
            print(all(np.array_equal(a, b) for a, b in zip(one, two)), one[1].sum() > 0)
        """,
        NUMBA_ENABLE_CUDASIM="1",
    )
    assert out.split() == ["True"] * 4


@pytest.mark.gpu
@needs_device
def test_device_gives_the_processors_states() -> None:
    """A hundred thousand junctions, 1000 driven steps: the machines may differ where a draw ties with rounding."""
    junctions = device("Zhang2022_mtj", thermal_stability=5.0).two_state(100_000)
    wave = Samples([0.0, 1e-5], [-1.0, 1.0])
    one, two = (junctions.follow(1e-4, 1e-8, 1000, seed=2, waveform=wave, engine=e) for e in ("cpu", "cuda"))
    assert (one[0] != two[0]).mean() < 1e-3
    assert abs(one[1].mean() - two[1].mean()) < 1e-3 * one[1].mean()
    np.testing.assert_array_equal(one[2].shape, two[2].shape)
