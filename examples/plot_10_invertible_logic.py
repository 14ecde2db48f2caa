"""
Gates that run backwards
========================

A gate made of p-bits has no inputs: its truth table is what a network of random bits likes best. Hold any wires, and
the others follow. A multiplier whose product is held gives the factors.
"""

import matplotlib.pyplot as plt
import numpy as np

import spinloom as sl
from spinloom.ising import Problem, elimination, histograms
from spinloom.ising.encodings.logic import Circuit, multiplier
from spinloom.ising.exact import Enumeration
from spinloom.report.figures import GUIDE, OURS

# %%
# One gate
# --------
# AND of three p-bits. Its model has integer couplings in dimod's sign, and energy 0 where the gate holds.

gate = Circuit().add("AND", "A", "B", "C")
model = gate.model()
print(model)
for row in Enumeration.of_bqm(model).ground_states():
    print("lowest:", *((row + 1) // 2))

# %%
# Sampled at one temperature, nothing held, the four rows of the truth table stand out; the exact law is a sum over
# eight states. With the output held at 1 the inputs must be 1 and 1.


def sampled(circuit, reads, sweeps, seed):
    """One state of each of many independent runs at beta = 1."""
    return sl.ising.PBitSampler().sample(
        circuit.model(), method="sampling", num_reads=reads, num_sweeps=sweeps, seed=seed,
        options={"chains": reads, "log_partition": False},
    )  # fmt: skip


READS = 4000
wires = ["A", "B", "C"]
held = gate.clamp({"C": 1})
figure, axes = plt.subplots(1, 2, figsize=(9, 3.4), sharey=True, layout="constrained")
states = np.arange(8)
for axis, title, circuit in zip(axes, ("nothing held", "C = 1 held"), (gate, held), strict=True):
    counts = np.bincount(circuit.read(sampled(circuit, READS, 50, seed=1), wires), minlength=8)
    axis.bar(states, counts / READS, color=OURS[0], label="p-bits")
    free = Enumeration.of_bqm(circuit.model()).distribution(1.0, [w for w in wires if w not in circuit.clamped])
    axis.plot(states[-len(free) :], free, "o", color=GUIDE, markerfacecolor="white", label="exact")
    axis.set(title=f"AND, {title}", xlabel="A B C", xticks=states)
    axis.set_xticklabels([f"{n & 1}{n >> 1 & 1}{n >> 2}" for n in states])
axes[0].set_ylabel("share")
axes[0].legend(loc="upper center")
plt.show()

# %%
# A multiplier that divides
# -------------------------
# Sixteen ANDs and twelve adders multiply two numbers of four binary digits. With the product held at 143 the network
# looks for numbers that agree. What has no answer is refused at once.

circuit = multiplier(4).clamp({"P": 143})
found = sampled(circuit, READS, 1500, 3)
x, y = circuit.read(found, "X"), circuit.read(found, "Y")
pairs, counts = np.unique(np.stack([x, y], 1), axis=0, return_counts=True)
for pair, count in sorted(zip(pairs.tolist(), counts.tolist(), strict=True), key=lambda item: -item[1])[:4]:
    print(f"{pair[0]:2d} x {pair[1]:2d} = {pair[0] * pair[1]:3d}: {count / READS:.1%}")

try:
    multiplier(4).clamp({"P": 149})
except ValueError as error:
    print(error)

# %%
# Forty free spins are too many to enumerate, but their couplings are few: summed out one by one they give the law of X
# and Y exactly.

numbers = [*circuit.buses["X"], *circuit.buses["Y"]]
exact = elimination.distribution(Problem.from_bqm(circuit.model()), 1.0, numbers)
ours = np.bincount(x + 16 * y, minlength=256)
distance, chance = histograms.total_variation(ours, exact), histograms.expected_variation(exact, READS)
print(f"distance from the exact law {distance:.3f}, by chance alone {chance:.3f}")

figure, axes = plt.subplots(1, 2, figsize=(9, 3.8), sharey=True, layout="constrained")
for axis, title, field in zip(axes, ("p-bits", "exact"), (ours / READS, exact), strict=True):
    image = axis.imshow(field.reshape(16, 16), origin="lower", vmin=0, vmax=exact.max(), cmap="cividis")
    axis.set(xlabel="X", title=title)
axes[0].set_ylabel("Y")
figure.colorbar(image, ax=axes, label="share")
plt.show()
