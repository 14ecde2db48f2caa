"""A spin neuron's response and its loss as pure functions of tensors."""

from __future__ import annotations

from typing import Literal, get_args

import torch
import torch.nn.functional as F

from spinloom.errors import InputError, UnknownNameError

Gradient = Literal["expected", "straight-through"]
GRADIENTS: tuple[str, ...] = get_args(Gradient)


def spin_logit(z: torch.Tensor, k: torch.Tensor | float, c: torch.Tensor | float) -> torch.Tensor:
    """Argument of the sigmoid, u = k (z + c); shapes, range and source as in :func:`spin_sigmoid`."""
    k = torch.as_tensor(k, dtype=z.dtype, device=z.device)
    c = torch.as_tensor(c, dtype=z.dtype, device=z.device)
    # k c + k z in one pass over the samples: a sum z + c of its own would be written, and kept for the gradient
    return torch.addcmul(k * c, k, z)


def spin_sigmoid(z: torch.Tensor, k: torch.Tensor | float, c: torch.Tensor | float) -> torch.Tensor:
    """Switching probability of a spin neuron: a = 1 / (1 + exp(-k (z + c))).

    Parameters
    ----------
    z : tensor, shape (..., features)
        Weighted input; in µA where the neuron is a device, without unit in the thesis's network.
    k : tensor or float, shape (features,) or scalar
        Logistic coefficient [1/(unit of z)]; the slope at a = 1/2 is k/4.
    c : tensor or float, shape (features,) or scalar
        Offset [unit of z]; a = 1/2 at z = -c. Negative for a device without bias current.

    Returns
    -------
    tensor, shape of z
        Between 0 and 1; differentiable in z, k and c, to any order.

    Notes
    -----
    Valid for every finite z, k, c. Where |k (z + c)| passes 17 (float32) the result is 0 or 1 to the last bit.

    References
    ----------
    Y. Xin, master's thesis, ShanghaiTech University (2023), sec. 3.1.3 and 3.4.2; arXiv:2211.13391.
    """
    return torch.sigmoid(spin_logit(z, k, c))


def bernoulli_sigmoid(
    z: torch.Tensor,
    k: torch.Tensor | float,
    c: torch.Tensor | float,
    trials: int = 1,
    gradient: Gradient = "expected",
    generator: torch.Generator | None = None,
) -> torch.Tensor:
    """Share of ``trials`` write pulses that switched: a = n / trials, n ~ Binomial(trials, spin_sigmoid(z, k, c)).

    Parameters
    ----------
    z, k, c
        As in :func:`spin_sigmoid`.
    trials : int
        Write pulses a sample. The standard deviation of a is sqrt(p (1 - p) / trials).
    gradient : {"expected", "straight-through"}
        A draw has no derivative. The backward pass takes that of its mean p, da/du = p (1 - p) ("expected"), or lets
        the gradient through as it is, da/du = 1 ("straight-through"), with u = k (z + c). The first is the exact
        gradient of the mean output; the second is biased, and does not vanish where the neuron is saturated.
    generator : torch.Generator, optional
        Source of chance, on the device of z; torch's global one if not given. The same state gives the same draw.

    Returns
    -------
    tensor, shape of z
        Multiples of 1/trials.

    Raises
    ------
    InputError
        Fewer than one trial.
    UnknownNameError
        An unknown gradient.

    References
    ----------
    Y. Bengio, N. Léonard, A. Courville (2013), arXiv:1308.3432, sec. 4 (straight-through).
    """
    check_trials(trials)
    check_gradient(gradient)
    u = spin_logit(z, k, c)
    p = torch.sigmoid(u)
    with torch.no_grad():
        chance = torch.nan_to_num(p)  # the generators refuse NaN; it comes back with the gradient's term below
        if trials == 1:
            drawn = torch.bernoulli(chance, generator=generator)
        else:
            drawn = torch.binomial(torch.full_like(chance, trials), chance, generator=generator) / trials
    through = p if gradient == "expected" else u
    return drawn + (through - through.detach())  # zero, but with the gradient of `through`


def check_trials(trials: int) -> None:
    """Refuse a number of trials that is no whole number from 1 upwards."""
    if isinstance(trials, bool) or not isinstance(trials, int) or trials < 1:
        raise InputError(
            f"trials = {trials}: a stochastic neuron needs at least one write pulse a sample, as a whole number. "
            "Give trials >= 1, or leave out `stochastic` for the mean response."
        )


def check_gradient(gradient: str) -> None:
    """Refuse a gradient that is neither of the two."""
    if gradient not in GRADIENTS:
        raise UnknownNameError("gradient of a stochastic neuron", str(gradient), GRADIENTS)


def _targets(y: torch.Tensor, outputs: torch.Tensor) -> torch.Tensor:
    """One row of 0 and 1 a sample, from labels; targets of the outputs' own shape are taken as they are."""
    if y.shape == outputs.shape:
        return y.to(outputs.dtype)
    if y.ndim == 1 and outputs.ndim == 2 and len(y) == len(outputs) and not y.is_floating_point():
        return F.one_hot(y, outputs.shape[1]).to(outputs.dtype)
    raise InputError(
        f"Targets of shape {tuple(y.shape)} ({y.dtype}) do not fit outputs of shape {tuple(outputs.shape)}. Give "
        "whole-number labels (samples,) or targets in [0, 1] of the outputs' shape."
    )


def output_cross_entropy(h: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Cross entropy of every output on its own: J = -mean over samples of sum over outputs [y ln h + (1-y) ln(1-h)].

    Parameters
    ----------
    h : tensor, shape (samples, outputs)
        Outputs in [0, 1].
    y : tensor, shape (samples,) or (samples, outputs)
        Labels, or targets in [0, 1].

    Returns
    -------
    tensor, scalar
        J >= 0; finite for every h: a logarithm counts as no less than -100.

    Notes
    -----
    An output that is 0 or 1 to the last bit has no gradient; :func:`output_cross_entropy_from_logits` keeps it.

    References
    ----------
    Y. Xin, master's thesis, ShanghaiTech University (2023), eq. 3.8.
    """
    return F.binary_cross_entropy(h, _targets(y, h), reduction="sum") / len(h)


def output_cross_entropy_from_logits(u: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The loss of :func:`output_cross_entropy` for h = sigmoid(u), exact also where h rounds to 0 or 1.

    J = mean over samples of sum over outputs [ln(1 + exp(u)) - y u]; its gradient is (h - y) / samples for every u.
    """
    return F.binary_cross_entropy_with_logits(u, _targets(y, u), reduction="sum") / len(u)
