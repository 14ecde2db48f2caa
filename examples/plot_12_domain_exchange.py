"""
Exchanging domains
==================

Simulated annealing cools many networks of p-bits side by side, and each gets stuck by itself. Tempering keeps them at
different temperatures and lets them trade states. In sparse networks they can do better: trade only parts of states.
"""

import matplotlib.pyplot as plt
import numpy as np

import spinloom as sl
from spinloom.ising.encodings.max_cut import MaxCut
from spinloom.report.figures import GUIDE, OURS

# %%
# A graph to cut
# --------------
# 64 x 64 nodes on a torus, edges between neighbours, each of weight +1 or -1 by chance: a spin glass. Every p-bit says
# on which side its node is; the weight between the sides shall be as large as it can. For this lattice the largest
# cut is known: minimum-weight matching of the frustrated squares gives 2814.


def torus(side, seed):
    """A square lattice without a rim, weights +1 and -1."""
    node = np.arange(side * side).reshape(side, side)
    first = np.concatenate([node.ravel(), node.ravel()])
    second = np.concatenate([np.roll(node, -1, 0).ravel(), np.roll(node, -1, 1).ravel()])
    return MaxCut(side * side, first, second, np.random.default_rng(seed).choice([-1.0, 1.0], first.size))


SIDE, LARGEST = 64, 2814
graph = torus(SIDE, seed=2)
model = graph.bqm()
sampler = sl.ising.PBitSampler()
annealed = sampler.sample(model, num_reads=64, num_sweeps=1000, seed=1)
cuts = graph.cut(annealed.record.energy)
print(f"64 reads of 1000 sweeps: best cut {cuts.max():.0f}, mean {cuts.mean():.0f}, possible {LARGEST}")

# %%
# What keeps them apart
# ---------------------
# Two of these reads, multiplied spin by spin: within a domain they agree (or are opposite) throughout. Turning a whole
# domain over changes the energy by little, since only its rim counts, but one spin after the other would have to
# climb a hill. What one read did well in one place and another in another place could be joined, domain by domain.

first, second = annealed.record.sample[np.argsort(-cuts)[:2]].astype(int)
figure, axes = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
axes[0].imshow((first * second).reshape(SIDE, SIDE), cmap="cividis")
axes[0].set(xticks=[], yticks=[], title="two annealed states: where they agree")

# %%
# Three ways
# ----------
# The same number of sweeps over 64 networks each: annealed side by side; on a ladder of temperatures whose neighbours
# trade states; and on a ladder whose neighbours trade domains too, each by a chance of its own, so that the joint law
# stays that of Boltzmann.

ways = {
    "annealing": ("annealing, best of 64", (30, 100, 300, 1000, 3000, 10000), 64),
    "tempering": ("tempering", (30, 100, 300, 1000, 3000, 10000), 1),
    "cluster_tempering": ("tempering with domains", (30, 100, 300, 1000, 3000), 1),
}
found = {}
for method, (label, lengths, reads) in ways.items():
    runs = [sampler.sample(model, method=method, num_reads=reads, num_sweeps=n, seed=1) for n in lengths]
    found[method] = [graph.cut(run.first.energy) for run in runs]
    print(f"{label}: {max(found[method]):.0f} after {lengths[-1]} sweeps, {runs[-1].info['timing']['sampling']:.1f} s")

for (method, (label, lengths, _)), colour in zip(ways.items(), (GUIDE, OURS[0], OURS[1]), strict=True):
    axes[1].semilogx(lengths, [LARGEST - cut for cut in found[method]], "o-", color=colour, label=label)
axes[1].set(xlabel="sweeps over 64 networks", ylabel="missing from the largest cut", ylim=(-2, None))
axes[1].legend(frameon=False)
plt.show()

# %%
# Where it pays, and where not
# ----------------------------
# The difference of two states falls into many domains only where the graph is sparse. With twenty edges a node it is
# one piece: to exchange it is to exchange everything, and nothing is gained over annealing.

rng = np.random.default_rng(1)
one, two = np.triu_indices(1000, 1)
chosen = rng.random(one.size) < 20 / 999
dense = MaxCut(1000, one[chosen], two[chosen], np.ones(chosen.sum()))
for method, reads in (("annealing", 64), ("tempering", 1), ("cluster_tempering", 1)):
    cuts = [
        dense.cut(sampler.sample(dense.bqm(), method=method, num_reads=reads, num_sweeps=300, seed=s).first.energy)
        for s in range(5)
    ]
    print(f"{method}: {np.mean(cuts):.1f} on average, best {max(cuts):.0f}")
