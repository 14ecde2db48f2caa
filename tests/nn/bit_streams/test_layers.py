"""Layers of streams: float in training, bit-true in evaluation, the same numbers at any thread count."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
import torch

from spinloom.errors import InputError, UnknownNameError
from spinloom.nn.bit_streams import (
    BitStream,
    Junctions,
    OrConv2d,
    OrLinear,
    StochasticLinear,
    set_streams,
    stream_layers,
)
from spinloom.nn.bit_streams.or_product import or_probability


def _inputs(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def _weights(layer: torch.nn.Module, end: float) -> None:
    chance = torch.Generator().manual_seed(5)
    torch.nn.init.uniform_(layer.weight, -end, end, generator=chance)  # pyright: ignore[reportArgumentType]


def test_linear_has_the_mean_and_variance_of_the_sum() -> None:
    """4000 images of one input: z = sum w x + b, variance limit^2/L sum q(1-q); the bounds are 5 errors, alarm 6e-6.

    The images of a group share their weight streams: of 40 groups the mean scatters as 40 independent images' would at
    worst, its variance by sqrt(2/40) of the shared part.
    """
    layer = StochasticLinear(20, 5, length=50, limit=0.5)
    _weights(layer, 0.5)
    x = _inputs(1, 20).expand(4000, 20)
    with torch.no_grad():
        exact = layer.train()(x)[0].double()
        z = layer.eval()(x).double()
    q = x[0].double() * layer.weight.detach().double().abs() / 0.5
    variance = 0.25 / 50 * (q * (1 - q)).sum(1)
    assert ((z.mean(0) - exact).abs() < 5 * (variance / 40).sqrt()).all()
    assert ((z.var(0) / variance - 1).abs() < 5 * (2 / 40) ** 0.5).all()


def test_linear_counts_what_the_gates_would() -> None:
    """The same streams through BitStream's AND and counter: input streams from the layer's own seeds, one image."""
    from spinloom.nn.bit_streams.junctions import levels, seed_key
    from spinloom.nn.bit_streams.kernels import STREAM_INPUTS, STREAM_WEIGHTS, kernel

    layer = StochasticLinear(6, 3, bias=False, length=100, seed=9).eval()
    _weights(layer, 1.0)
    x = _inputs(1, 6)
    w = layer.weight.detach().double().numpy()

    def stream(p: np.ndarray, tag: int) -> np.ndarray:
        out, last = np.empty((2, p.size), np.uint64), np.zeros(p.size, np.uint64)
        for t in range(2):
            kernel("words")(levels(p), np.empty(0, np.uint64), levels(p), 0, last, seed_key(9), t, tag, out[t])
        return out.T

    a = stream(x[0].double().numpy(), STREAM_INPUTS)
    b = stream(np.abs(w.T).ravel(), STREAM_WEIGHTS).reshape(6, 3, 2)
    bits = BitStream(np.ascontiguousarray(a[:, None] & b), 128).bits()[..., :100].sum(axis=-1)
    expected = (np.sign(w.T) * bits).sum(axis=0) / 100
    assert layer(x)[0].detach().numpy() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("form", ["exact", "exponential"])
def test_or_layer_is_the_product(form: str) -> None:
    """Long streams against the closed form p+ - p-: 5 standard errors of 0.7/sqrt(L), false alarm 1e-5."""
    layer = OrLinear(12, 4, length=40_000, form=form).eval()  # pyright: ignore[reportArgumentType]
    _weights(layer, 0.3)
    x, w = _inputs(3, 12), layer.weight.detach()
    exact = (1 - (x[:, None] * w.clamp(max=0)).add(1).prod(2)) * -1 + 1 - (1 - x[:, None] * w.clamp(min=0)).prod(2)
    assert layer(x).sub(exact).abs().max() < 5 * 0.71 / 200
    layer.length = None
    tolerance = 1e-6 if form == "exact" else 0.05  # 1 - exp(-s) misses the product by about sum (xw)^2/2
    assert layer(x).detach().numpy() == pytest.approx(exact.numpy(), abs=tolerance)


def test_or_convolution_is_the_dense_layer_on_patches() -> None:
    layer = OrConv2d(2, 3, 3, padding=1)
    _weights(layer, 0.4)
    x = _inputs(2, 2, 5, 5)
    patches = torch.nn.functional.unfold(x, 3, padding=1).transpose(1, 2)
    dense = OrLinear(18, 3)
    dense.weight.data = layer.weight.detach().reshape(3, 18)
    expected = dense(patches).transpose(1, 2).reshape(2, 3, 5, 5)
    assert layer(x).sub(expected).abs().max() < 1e-6
    layer.eval().length = 20_000
    assert layer(x).sub(expected).abs().max() < 5.5 * 0.71 / 20_000**0.5  # 150 places: false alarm 6e-6
    layer.length, layer.form = None, "exponential"
    assert layer(x).sub(expected).abs().max() < 0.2


def test_gradient_of_the_compiled_product_is_the_logarithm_s() -> None:
    a, w = _inputs(40, 15), _inputs(6, 15, seed=1) * 0.5
    grown = _inputs(40, 6, seed=2)
    found = []
    for kind in (torch.float32, torch.float64):  # float64 takes the logarithms
        x, y = a.detach().to(kind).requires_grad_(), w.detach().to(kind).requires_grad_()
        p = or_probability(x, y)
        p.backward(grown.to(kind))
        found.append([t.detach().double() for t in (p, x.grad, y.grad) if t is not None])
    for mine, theirs in zip(*found, strict=True):
        assert (mine - theirs).abs().max() < 1e-5  # float32 sums of 40 terms
    assert torch.autograd.gradcheck(or_probability, (a[:3].double().requires_grad_(), w[:2].double().requires_grad_()))


def test_same_numbers_at_any_thread_count_and_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = OrLinear(30, 4, length=70, seed=3).eval()
    x, found = _inputs(350, 30), []
    for threads in ("1", "3"):
        monkeypatch.setenv("SPINLOOM_THREADS", threads)
        layer.restart()
        found.append(layer(x))
    layer.restart()
    found.append(torch.cat([layer(x[:200]), layer(x[200:])]))  # inputs are numbered on
    assert torch.equal(found[0], found[1])
    assert torch.equal(found[0], found[2])
    layer.restart(4)
    assert not torch.equal(found[0], layer(x))


def test_memory_does_not_grow_with_length() -> None:
    layer, x = StochasticLinear(200, 50).eval(), _inputs(100, 200)
    peaks = []
    for length in (64, 6400):
        layer.length = length
        layer(x)
        tracemalloc.start()
        layer(x)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0]


def test_training_is_float_and_clips() -> None:
    layer = StochasticLinear(4, 2, length=8, limit=0.3)
    torch.nn.init.constant_(layer.weight, 2.0)
    x = _inputs(5, 4)
    assert torch.allclose(layer(x), x @ torch.full((4, 2), 0.3) + layer.bias)
    layer(x).sum().backward()
    assert layer.weight.grad is not None
    assert "length=8" in repr(layer)


def test_noise_of_training_has_the_variance_of_a_count() -> None:
    """p = 1 - 0.7^2 for the positive half, nothing for the negative; 20 000 draws: 5 sqrt(2/20 000) = 5 %."""
    layer = OrLinear(2, 1, noise=16)
    torch.nn.init.constant_(layer.weight, 0.3)
    x = torch.ones(20_000, 2)
    first = layer(x).detach()
    assert float(first.var()) == pytest.approx(0.51 * 0.49 / 16, rel=0.05)
    layer.reseed(0)
    assert torch.equal(first, layer(x))  # the seed fixes the noise (0 is the layer's own)


def test_set_streams_gives_every_layer_its_own_seed() -> None:
    net = torch.nn.Sequential(OrLinear(4, 3), torch.nn.ReLU(), OrLinear(3, 2))
    set_streams(net, 32, seed=2, inputs=Junctions.ideal().programmable(8))
    found = [(layer.length, layer.seed, layer.inputs.bits) for layer in stream_layers(net)]
    assert found == [(32, 2000, 8), (32, 2001, 8)]


def test_bad_input() -> None:
    with pytest.raises(InputError, match="from 0 to 1"):
        StochasticLinear(2, 2, length=10).eval()(torch.tensor([[0.5, 1.5]]))
    with pytest.raises(InputError, match="length"):
        OrLinear(2, 2, length=0)
    with pytest.raises(InputError, match="limit"):
        StochasticLinear(2, 2, limit=0.0)
    with pytest.raises(UnknownNameError, match="exact"):
        OrLinear(2, 2, form="exat")  # pyright: ignore[reportArgumentType]
