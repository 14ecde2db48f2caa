"""
A network in a crossbar of junctions
====================================

Eight-by-eight digits, a trained network, and arrays of magnetic tunnel junctions with few levels and real wires.
"""

import matplotlib.pyplot as plt
import numpy as np
import torch

import spinloom as sl
from spinloom.report.figures import GUIDE, OURS

torch.set_num_threads(1)

# %%
# What the wires do
# -----------------
# 128 x 128 junctions between 13 and 26 kΩ, 2 Ω a wire segment. The effective matrix is the exact nodal solution of
# the whole circuit, found once; every input is then a plain product.

synapse = sl.responses.Plasticity.from_values(states=16, low="38.5 uS", high="76.9 uS", read_noise=0.01)
chance = np.random.default_rng(0)
cells = chance.uniform(38.5e-6, 76.9e-6, (128, 128))
seen = sl.crossbar.effective_matrix(cells, "2 ohm") / cells
print(f"signal left: {seen.mean():.0%} on average, {seen.min():.0%} in the far corner")

figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
shown = axes[0].imshow(100 * seen, cmap="Blues_r")
figure.colorbar(shown, ax=axes[0], label="effective / real conductance (%)")
axes[0].set(xlabel="column", ylabel="row", title="128 × 128 junctions, 2 Ω a segment")

# %%
# A trained network, written
# --------------------------

digits = sl.tasks.digits()
net = sl.nn.spin_network((64, 50, 10), train=(), generator=1)
how = sl.nn.TrainingSettings(learning_rate=0.1, epochs=30, batch_size=10, evaluate_every=10**6)
history = sl.nn.train(net, digits, how, seed=1)
test, labels = torch.from_numpy(digits.test_x.copy()), digits.test_y
print(f"in float: {history.final_accuracy:.1%}")


def accuracy(**hardware) -> float:
    """Share of the test digits read rightly by the network in such arrays."""
    layers = [
        sl.nn.CrossbarLinear.like(layer, seed=number, **hardware) if isinstance(layer, torch.nn.Linear) else layer
        for number, layer in enumerate(net)
    ]
    with torch.no_grad():
        return float((torch.nn.Sequential(*layers).eval()(test).argmax(dim=1).numpy() == labels).mean())


states = [2, 3, 4, 6, 8, 16, 32]
for devices, shade in ((1, OURS[0]), (4, OURS[1])):
    reached = [accuracy(synapse=synapse.replace(states=n, depression_states=n), devices=devices) for n in states]
    axes[1].plot(states, [100 * value for value in reached], "o-", color=shade, label=f"{devices} a weight and sign")
axes[1].axhline(100 * history.final_accuracy, color=GUIDE, linestyle=":", label="float")
axes[1].set(xscale="log", xlabel="states of a device", ylabel="test accuracy (%)", title="64-50-10, digits")
axes[1].legend()
plt.show()

# %%
# Trained on the devices
# ----------------------
# Sixteen asymmetric states. Rounding each update to whole pulses is not enough; an algorithm that makes up for the
# device is.

uneven = sl.responses.Plasticity.from_values(
    16, potentiation=sl.responses.Exponential(2.0), depression=sl.responses.Exponential(-2.0), cycle_to_cycle=0.01
)
for method in ("in-place", "mixed-precision"):
    devices = sl.nn.spin_network((64, 50, 10), train=(), generator=1)
    how = sl.nn.TrainingSettings(
        optimiser=sl.nn.Pulsed(uneven, method=method),
        learning_rate=0.1, epochs=10, batch_size=10, evaluate_every=10**6,
    )  # fmt: skip
    print(f"{method}: {sl.nn.train(devices, digits, how, seed=1).final_accuracy:.1%}")
