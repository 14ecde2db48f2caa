from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import binom, chisquare

from spinloom.errors import InputError
from spinloom.nn.stochastic import chance

ROWS, COLUMNS = 400, 50


def _p(value: float, kind: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.full((ROWS, COLUMNS), value, dtype=kind)


def _fit(counts: np.ndarray, samples: int, p: float) -> float:
    """p-value of counts against Binomial(samples, p), rare ends joined."""
    expected = binom.pmf(np.arange(samples + 1), samples, p) * counts.size
    observed = np.bincount(counts.astype(int).ravel(), minlength=samples + 1)
    keep = expected >= 5
    expected = np.append(expected[keep], expected[~keep].sum())
    observed = np.append(observed[keep], observed[~keep].sum())
    return float(chisquare(observed, expected).pvalue)


@pytest.mark.parametrize("p", [0.1, 0.5, 0.83])
def test_a_count_and_a_sum_of_bits_are_the_same_binomial(p: float) -> None:
    """20 000 counts of 12 each; a false alarm of one in 10 000, and the seed is fixed."""
    summed = sum(chance.bits(_p(p), 1, 0, 0, step) for step in range(12))
    assert isinstance(summed, torch.Tensor)
    assert _fit(summed.numpy(), 12, p) > 1e-4
    assert _fit(chance.counts(_p(p), 12, 1, 0, 0, 0).numpy(), 12, p) > 1e-4


def test_bits_do_not_depend_on_batch_or_threads() -> None:
    p = torch.rand(3000, 101, generator=torch.Generator().manual_seed(0))
    whole = chance.bits(p, 7, 2, 0, 5)
    parts = [chance.bits(part, 7, 2, row, 5) for row, part in zip(range(0, 3000, 7), p.split(7), strict=True)]
    assert torch.equal(whole, torch.cat(parts))
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        assert torch.equal(whole, chance.bits(p, 7, 2, 0, 5))
    finally:
        torch.set_num_threads(before)


def test_counts_do_not_depend_on_the_batch() -> None:
    p = torch.rand(20, 5)
    whole = chance.counts(p, 30, 7, 2, 0, 0)
    assert torch.equal(whole[4:9], chance.counts(p[4:9], 30, 7, 2, 4, 0))


@pytest.mark.parametrize("other", [(8, 2, 0, 5), (7, 3, 0, 5), (7, 2, 1, 5), (7, 2, 0, 6)])
def test_seed_stream_row_and_step_each_give_other_bits(other: tuple[int, int, int, int]) -> None:
    """20 000 fair bits each: the shares that agree lie within 5 standard deviations of one half."""
    same = float((chance.bits(_p(0.5), 7, 2, 0, 5) == chance.bits(_p(0.5), *other)).float().mean())
    assert abs(same - 0.5) < 5 * 0.5 / np.sqrt(ROWS * COLUMNS)


@pytest.mark.parametrize("columns", [1, 2, 3, 4, 5, 9])
def test_every_column_is_drawn(columns: int) -> None:
    ones = chance.bits(torch.full((4000, columns), 0.3), 1, 0, 0, 0).mean(0)
    assert torch.all((ones - 0.3).abs() < 5 * np.sqrt(0.21 / 4000))


def test_certainty_is_certain() -> None:
    assert float(chance.bits(_p(1.0), 0, 0, 0, 0).min()) == 1.0
    assert float(chance.bits(_p(0.0), 0, 0, 0, 0).max()) == 0.0


@pytest.mark.parametrize("kind", [torch.float32, torch.float64, torch.bfloat16])
def test_the_kind_of_numbers_is_kept(kind: torch.dtype) -> None:
    for found in (chance.bits(_p(0.5, kind), 1, 0, 0, 0), chance.counts(_p(0.5, kind), 3, 1, 0, 0, 0)):
        assert found.dtype == kind
        assert found.shape == (ROWS, COLUMNS)


def test_telegraph_has_the_mean_and_the_correlation_asked_for() -> None:
    """Lag-1 correlation of 20 000 junctions in equilibrium, standard error 0.007; five of them are allowed."""
    p, kept = _p(0.3), _p(0.6)
    first = chance.bits(p, 3, 0, 0, 0)
    ones, then = chance.telegraph(p, kept, first, 1, 3, 0, 0, 1)
    assert torch.equal(ones, then)
    assert abs(float(then.mean()) - 0.3) < 5 * np.sqrt(0.21 / first.numel())
    assert abs(np.corrcoef(first.ravel(), then.ravel())[0, 1] - 0.6) < 5 / np.sqrt(first.numel())
    many, _ = chance.telegraph(p, kept, first, 200, 3, 0, 0, 1)
    assert abs(float(many.mean()) / 200 - 0.3) < 5 * np.sqrt(0.21 * 4 / 200 / first.numel())  # (1 + 0.6)/(1 - 0.6) = 4


def test_a_telegraph_signal_goes_on_where_it_stopped() -> None:
    p, kept, start = torch.rand(5, 7), torch.rand(5, 7), torch.zeros(5, 7)
    whole, end = chance.telegraph(p, kept, start, 10, 1, 0, 0, 0)
    first, middle = chance.telegraph(p, kept, start, 4, 1, 0, 0, 0)
    second, last = chance.telegraph(p, kept, middle, 6, 1, 0, 0, 4)
    assert torch.equal(whole, first + second)
    assert torch.equal(end, last)
    assert float(start.max()) == 0.0  # the start is not changed


@pytest.mark.parametrize(
    ("values", "match"), [([0.2, 1.2], "reach from 0.2 to 1.2"), ([0.5, float("nan")], "hold NaN")]
)
def test_what_is_no_probability_is_refused(values: list[float], match: str) -> None:
    with pytest.raises(InputError, match=match):
        chance.check_probabilities(torch.tensor(values), "The inputs")
