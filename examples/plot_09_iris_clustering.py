"""
Junctions that tell flowers apart
=================================

A population of superparamagnetic junctions codes each attribute of a flower; a layer of spiking neurons finds the
three kinds without being told of them.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np

import spinloom as sl
from spinloom.report.figures import GUIDE, OURS

# %%
# The code
# --------
# Twelve junctions an attribute, each biased to a current of its own: a flower's attribute is a current, and the
# junctions whose bell stands near it flip most.

junction = sl.device("Zhang2022_mtj")
rows = [sl.snn.Population.covering(junction.two_state(12), "-100 uA", "100 uA") for _ in range(4)]
code = sl.snn.JunctionCode(rows, interval="326.5 us", observation=10, steps=100, seed=1)

split = sl.tasks.iris()
x = np.concatenate([split.train_x, split.valid_x, split.test_x]).astype(float)
y = np.concatenate([split.train_y, split.valid_y, split.test_y])
spikes = code(x[0], 0)
print(f"{code.inputs} junctions, {spikes.count} spikes for one flower")

figure, axes = plt.subplots(1, 3, figsize=(13, 3.8), layout="constrained")
currents = np.linspace(-100e-6, 100e-6, 301)
axes[0].plot(currents * 1e6, rows[0].rates(currents), color=GUIDE, linewidth=0.8)
axes[0].plot(currents * 1e6, rows[0].rates(currents)[:, 5], color=OURS[0])
axes[0].set(xlabel="current of an attribute [µA]", ylabel="flips per second", title="a row of junctions")

# %%
# The layer
# ---------
# Thirty leaky neurons that push each other down. A spike of a neuron strengthens the synapses of the junctions that
# flipped just before; the threshold of one that fires often rises. No label is used.

neuron = sl.snn.LeakyNeuron(per_weight="5 mV", inhibition=3.5)
rule = sl.snn.Rule("weight-dependent", eta_pre=0.001, eta_post=0.01)
layer = sl.snn.Layer(code.inputs, 30, neuron, rule, seed=1)
net = sl.snn.Network(layer, code, total=8.0)

chance, accuracy, ROUNDS = np.random.default_rng(1), [], 8
for number in range(ROUNDS):
    net.fit(x[chance.choice(len(x), 100, replace=False)])
    counts = net.counts(x, first=number * len(x))
    labels = sl.snn.Labels.of(counts, y)
    accuracy.append(float((labels.predict(counts) == y).mean()))
print("accuracy by round:", ", ".join(f"{value:.1%}" for value in accuracy))
axes[1].plot(1 + np.arange(ROUNDS), 100 * np.array(accuracy), "o-", color=OURS[0])
axes[1].set(xlabel="round of 100 flowers", ylabel="flowers in the right cluster (%)", title="30 neurons, one seed")

# %%
# What the neurons stand for
# --------------------------
# Labels are used once, afterwards: a neuron stands for the kind that makes it fire most. Two of the three kinds overlap
# in the data, and so do their neurons. Ten seeds are in ``spinloom reproduce Zhang2022_iris``.

found, kinds = labels.predict(counts), ("setosa", "versicolor", "virginica")
confusion = np.zeros((3, 3), int)
np.add.at(confusion, (y, found), 1)
axes[2].imshow(confusion, cmap="Blues")
for (true, seen), value in np.ndenumerate(confusion):
    axes[2].text(seen, true, str(value), ha="center", va="center", color="white" if value > 25 else "black")
axes[2].set(xticks=range(3), yticks=range(3), xticklabels=kinds, yticklabels=kinds, xlabel="found", ylabel="true")
plt.show()

# %%
# When nothing can be learnt
# --------------------------
# A network in which nothing fires says so during the run, with what to change.

silent = sl.snn.Network(sl.snn.Layer(code.inputs, 30, sl.snn.LeakyNeuron(per_weight="0.1 mV"), rule, seed=1), code)
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    silent.fit(x[:50])
print(said[-1].message)
