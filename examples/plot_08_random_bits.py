"""
From a junction's noise to random bits
======================================

A superparamagnetic junction changes its state by heat alone. Reading it often enough gives bits, XOR makes them
usable, and two of NIST's tests say whether they are.
"""

import matplotlib.pyplot as plt
import numpy as np

import spinloom as sl
from spinloom.devices.bit_stream import sampling_needed, telegraph_bits, whitened_moments
from spinloom.report.figures import GUIDE, OURS

# %%
# The signal
# ----------
# A junction of 50 nm x 150 nm at room temperature. The current that makes both states equally likely is 0 here; a real
# driver misses it a little, by 2 µA say.

junction = sl.device("Vodenicarevic2017_mtj")
print(junction.summary())
missed = 2e-6
p, tau = float(junction.probability_parallel(missed)[0]), float(junction.correlation_time(missed)[0])
print(f"parallel for {p:.1%} of the time, correlation time {tau * 1e6:.0f} µs")
signal = junction.trace("10 ms", interval="10 us", current=missed, seed=1)

figure, (left, middle, right) = plt.subplots(1, 3, figsize=(12, 3.6), layout="constrained")
left.step(signal.time * 1e3, signal.resistance[:, 0] / 1e3, where="post", color=OURS[0], linewidth=0.8)
left.set(xlabel="time [ms]", ylabel="resistance [kΩ]", title="a junction by itself")

# %%
# How often to read it
# --------------------
# Samples that are close together are alike: their correlation is exp(-interval/tau*). The two-state process is sampled
# exactly at any interval, so a million bits of each take milliseconds.

COUNT = 1_000_000
two_state = junction.two_state(1)
times = np.geomspace(2e-5, 2e-3, 9)
found = []
for interval in times:
    bits = telegraph_bits(two_state, COUNT, interval, missed, seed=2, check=False).unpacked()[0].astype(float)
    found.append(np.corrcoef(bits[1:], bits[:-1])[0, 1])
middle.loglog(times * 1e6, np.abs(found), "o", color=OURS[0], label="a million bits each")
middle.loglog(times * 1e6, np.exp(-times / tau), color=GUIDE, label="exp(-interval/tau*)")
middle.axhline(1 / np.sqrt(COUNT), color=GUIDE, linestyle=":", label="one standard error")
middle.set(xlabel="interval [µs]", ylabel="correlation of neighbours", ylim=(1e-4, 1.2), title="reading it")
middle.legend()
print(f"needed without XOR: {sampling_needed(two_state, missed) * 1e6:.0f} µs")

# %%
# Whitening
# ---------
# XOR of n junctions that are read together takes correlation and bias away at once, and costs junctions instead of
# time. The bias of independent bits, e, becomes (2 e)^n/2.

depths, bias = np.arange(1, 9), []
for depth in depths:
    white = telegraph_bits(junction.two_state(depth), COUNT, "200 us", missed, xor=int(depth), over="junctions",
                           seed=3, check=False)  # fmt: skip
    bias.append(abs(float(white.mean()[0]) - 0.5))
closed = [abs(whitened_moments(p, np.exp(-2e-4 / tau), int(depth), "junctions")[0]) for depth in depths]
right.semilogy(depths, bias, "o", color=OURS[0], label="a million bits each")
right.semilogy(depths, closed, color=GUIDE, label="closed form")
right.axhline(0.5 / np.sqrt(COUNT), color=GUIDE, linestyle=":", label="one standard error")
right.set(
    xlabel="junctions XORed", ylabel="|share of ones - 1/2|", ylim=(1e-6, 1), title="whitening, read every 200 µs"
)
right.legend()
plt.show()

# %%
# Tested
# ------
# Two tests of SP800-22 that come with Spinloom; ``pip install 'spinloom[randomness]'`` brings all fifteen, and
# ``spinloom device bits ... --nist`` runs them. Raw bits fail, whitened ones pass.

tests = ("cumulative_sums", "serial")
for depth in (1, 8):
    stream = telegraph_bits(junction.two_state(depth), COUNT, "200 us", missed, xor=depth, over="junctions",
                            seed=4, check=False)  # fmt: skip
    report = sl.tasks.nist_suite(stream, tests=tests, workers=0)
    print(f"XOR of {depth}: {report.verdicts()}")
