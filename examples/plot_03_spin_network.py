"""
A network of spin neurons learns digits
=======================================

Spin neurons are torch layers. Here two networks with the same first weights learn scikit-learn's handwritten
digits: in one the activation functions are fixed, in the other each neuron trains its own slope k as well.
"""

import matplotlib.pyplot as plt
import torch

import spinloom as sl
from spinloom.report.figures import GUIDE, OURS

torch.set_num_threads(1)  # the network is small: more threads only get in each other's way
digits = sl.tasks.digits()

# %%
# Fixed against trained
# ---------------------
# Full-batch gradient descent, as in the published system, at its learning rate of 0.1.

settings = sl.nn.TrainingSettings(learning_rate=0.1, iterations=800)
histories = {}
for label, trained in (("fixed activation", ()), ("k trained", ("k",))):
    net = sl.nn.spin_network((64, 25, 10), train=trained, generator=1)
    histories[label] = sl.nn.train(net, digits, settings, seed=1)

figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
for colour, (label, history) in zip(OURS, histories.items(), strict=False):
    axes.plot(history.iterations, 100 * history.test_accuracy, color=colour, label=f"{label}, learning rate 0.1")
    print(f"{label}: {history.final_accuracy:.1%} after {history.iteration} iterations")

# %%
# The same accuracy, by another road
# ----------------------------------
# Training k speeds learning up at this learning rate. It does not enlarge what the network can do: with a
# learning rate three times as large the fixed network learns as fast.

net = sl.nn.spin_network((64, 25, 10), train=(), generator=1)
faster = sl.nn.train(net, digits, sl.nn.TrainingSettings(learning_rate=0.3, iterations=800), seed=1)
axes.plot(faster.iterations, 100 * faster.test_accuracy, "--", color=GUIDE, label="fixed activation, learning rate 0.3")
axes.set(xlabel="iteration", ylabel="test accuracy [%]", ylim=(0, 100))
axes.legend(loc="lower right")
print(f"fixed, learning rate 0.3: {faster.final_accuracy:.1%}")
plt.show()

# %%
# As the hardware would answer
# ----------------------------
# A junction does not return a probability: it switches or it does not. The trained network is read again with
# every neuron drawn from a number of write pulses.

net = sl.nn.spin_network((64, 25, 10), train=("k",), generator=1)
sl.nn.train(net, digits, settings, seed=1)
inputs = torch.from_numpy(digits.test_x)
trials = [1, 3, 10, 30, 100]
shares = []
for pulses in trials:
    noisy = sl.nn.spin_network((64, 25, 10), train=("k",), stochastic=sl.nn.Stochastic(trials=pulses, seed=7))
    noisy.load_state_dict(net.state_dict())
    with torch.no_grad():
        shares.append(sl.tasks.accuracy(noisy(inputs).argmax(dim=1).numpy(), digits.test_y))
with torch.no_grad():
    mean = sl.tasks.accuracy(net(inputs).argmax(dim=1).numpy(), digits.test_y)

figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
axes.semilogx(trials, [100 * share for share in shares], "o-", color=OURS[0], label="drawn")
axes.axhline(100 * mean, color=GUIDE, linestyle="--", label="mean response")
axes.set(xlabel="write pulses a neuron", ylabel="test accuracy [%]")
axes.legend()
plt.show()
