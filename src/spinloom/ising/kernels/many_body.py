"""Terms of any order, one read at a time.

With the value p_t = w_t prod s of every term kept, flipping s_i changes the energy by -2 sum of p_t over the terms that
hold i, and turns the sign of those.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from spinloom.engines import launch
from spinloom.physics import rng

# stand-in, replaced by launch.bind
draw: Any = None


def _anneal(
    pointers, terms, values, betas, gibbs, state, best, kept_last, energy, seed_low, seed_high, read, stop, done
):
    """Sweep through ``betas``; ``values`` (terms,) are the terms' values in ``state``, ``energy`` (2,): now, lowest."""
    spins = state.size
    now, least = energy[0], energy[1]
    for k in range(betas.size):
        if stop[0]:
            break
        words = draw(seed_low, seed_high, np.uint32(read), np.uint64(0), np.uint32(20))
        for i in range(spins):
            if i % 4 == 0:
                words = draw(
                    seed_low, seed_high, np.uint32(read), np.uint64(k * (spins // 4 + 1) + i // 4), np.uint32(19)
                )
            change = 0.0
            for q in range(pointers[i], pointers[i + 1]):
                change -= 2.0 * values[terms[q]]
            u = (np.float64(words[i % 4]) + 0.5) * 2.0**-32
            x = betas[k] * change
            threshold = math.log((1.0 - u) / u) if gibbs else -math.log(u)
            if x < threshold:
                state[i] = -state[i]
                now += change
                for q in range(pointers[i], pointers[i + 1]):
                    values[terms[q]] = -values[terms[q]]
        if now < least:
            least = now
            best[:] = state
        energy[0], energy[1] = now, least
        done[0] += 1
    if kept_last:
        best[:] = state


@functools.cache
def anneal_kernel() -> Any:
    """The annealing loop of one read."""
    return launch.compiled(_anneal, {"draw": rng.draw})
