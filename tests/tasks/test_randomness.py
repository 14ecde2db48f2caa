"""SP800-22 on NIST's own examples, on ideal and on faulty streams, and what it refuses."""

from __future__ import annotations

import functools
import math
import sys
from pathlib import Path

import numpy as np
import pytest

from spinloom.errors import InputError, UnknownNameError
from spinloom.tasks import nist_suite as _suite
from spinloom.tasks.nist_tests import TESTS, by_name, templates
from spinloom.tasks.randomness import _lowest, _uniformity

needs_library = pytest.importorskip("sp80022suite", reason="pip install 'spinloom[randomness]'")


nist_suite = functools.partial(_suite, workers=0)


def _e_bits(count: int) -> np.ndarray:
    """The first binary digits of e = 10.1011..., NIST's sample data, from sum 1/k! by binary splitting."""

    def split(a: int, b: int) -> tuple[int, int]:
        if b - a == 1:
            return 1, b
        middle = (a + b) // 2
        p, q = split(a, middle)
        r, s = split(middle, b)
        return p * s + r, q * s

    terms = 10
    while math.lgamma(terms) < (count + 64) * math.log(2):
        terms += 1 + terms // 20
    p, q = split(0, terms)
    whole = ((p + q) << (count + 62)) // q  # two digits stand before the point
    text = whole.to_bytes((count + 64 + 7) // 8, "big")
    return np.unpackbits(np.frombuffer(text, np.uint8))[-(count + 64) :][:count]


@pytest.fixture(scope="module")
def e_bits() -> np.ndarray:
    bits = _e_bits(1_000_000)
    assert "".join(map(str, bits[:16])) == "1010110111111000"
    return bits


# SP800-22 rev. 1a, appendix B, "binary expansion of e": printed with six digits
PUBLISHED = {
    ("frequency", ""): 0.953749,
    ("block_frequency", ""): 0.211072,
    ("cumulative_sums", "forward"): 0.669887,
    ("cumulative_sums", "backward"): 0.724266,
    ("runs", ""): 0.561917,
    ("longest_run", ""): 0.718945,
    ("rank", ""): 0.306156,
    ("fourier", ""): 0.847187,
    ("non_overlapping_templates", "000000001"): 0.078790,
    ("overlapping_templates", ""): 0.110434,
    ("universal", ""): 0.282568,
    ("approximate_entropy", ""): 0.700073,
    ("random_excursions", "+1"): 0.786868,
    ("random_excursions_variant", "-1"): 0.826009,
    ("serial", "first"): 0.766182,
    ("linear_complexity", ""): 0.826335,
}


def test_nists_published_values(e_bits: np.ndarray) -> None:
    report = nist_suite(e_bits)
    rows = list(zip(report.data["test"].values, report.data["label"].values, strict=True))
    assert len(rows) == 188
    for key, published in PUBLISHED.items():
        found = float(report.data["p_value"].values[rows.index(key), 0])
        assert found == pytest.approx(published, abs=1.01e-6), key  # the last printed digit, rounded or cut
    assert report.passed
    assert set(report.verdicts().values()) == {"pass"}


def test_ours_have_the_minimum_that_the_library_gives(
    e_bits: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite, tests = sys.modules["sp80022suite"], by_name()
    (tmp_path / "templates").mkdir()
    text = "\n".join(" ".join(f"{t:09b}") for t in templates())
    (tmp_path / "templates" / "template9").write_text(text + "\n")
    monkeypatch.chdir(tmp_path)
    short = e_bits[:100_000].tobytes()
    found = suite.non_overlapping_template_matchings(9, short)
    assert tests["non_overlapping_templates"].p_values(e_bits[:100_000]).min() == pytest.approx(found, rel=1e-9)
    every = e_bits.tobytes()
    for name, function in (
        ("cumulative_sums", suite.cumulative_sums),
        ("random_excursions", suite.random_excursions),
        ("random_excursions_variant", suite.random_excursions_variant),
    ):
        assert tests[name].p_values(e_bits).min() == pytest.approx(function(every), rel=1e-6), name
    assert tests["serial"].p_values(e_bits).min() == pytest.approx(suite.serial(16, every), rel=1e-9)


@pytest.mark.parametrize(("bits", "published"), [("1011010111", 0.4116588), (None, 0.114866)])
def test_cumulative_sums_of_nists_short_examples(bits: str | None, published: float) -> None:
    """Section 2.13.8: ten digits, and the first hundred of pi, of which the smaller of both directions."""
    hundred = "1100100100001111110110101010001000100001011010001100001000110100110001001100011001100010100010111000"
    given = np.array([int(c) for c in bits or hundred], np.uint8)
    assert by_name()["cumulative_sums"].p_values(given).min() == pytest.approx(published, abs=1e-6)


def test_the_148_templates_are_aperiodic() -> None:
    found = templates()
    assert found.size == 148
    assert f"{found[0]:09b}" == "000000001"
    for word in (f"{t:09b}" for t in found):
        assert not any(word[:k] == word[-k:] for k in range(1, 9))


SHORT = ["frequency", "block_frequency", "cumulative_sums", "runs", "longest_run", "rank", "fourier"]


def test_ideal_streams_pass_and_faulty_ones_fail() -> None:
    """60 streams of 40 000 bits; an ideal source fails in at most 1 % of seeds, and this seed is fixed."""
    chance = np.random.default_rng(4)
    ideal = chance.integers(0, 2, (60, 40_000), dtype=np.uint8)
    report = nist_suite(ideal, tests=SHORT)
    assert report.passed
    assert np.isfinite(report.data["uniformity"]).all()
    biased = (chance.random((60, 40_000)) < 0.51).astype(np.uint8)
    found = nist_suite(biased, tests=SHORT)
    assert not found.passed
    assert found.verdicts()["frequency"] == "fail"
    assert found.verdicts()["rank"] == "pass"
    assert "frequency" in found.failed()
    once = nist_suite(np.tile([0, 1], 20_000), tests=SHORT)  # one stream alone is judged by its p-value
    assert "runs" in once.failed()
    assert once.verdicts()["frequency"] == "pass"


def test_limits_and_uniformity_are_nists() -> None:
    """Section 4.2.1: 1000 streams need 0.9805607; section 4.2.2: chi-square of ten bins, nine degrees of freedom."""
    assert float(_lowest(1000)) == pytest.approx(0.9805607, abs=1e-7)
    assert _uniformity(np.linspace(0.005, 0.995, 100)) == pytest.approx(1.0)
    assert _uniformity(np.full(100, 0.55)) < 1e-100
    assert math.isnan(_uniformity(np.full(54, 0.5)))


def test_marks_by_chance() -> None:
    """100 streams: 96.015 must pass, so 96 are too few: P(4 or more of 100 below 0.01) = 1.837 %, plus 1e-4."""
    report = nist_suite(np.random.default_rng(0).integers(0, 2, (100, 200), dtype=np.uint8), tests=["frequency"])
    assert report.marked_by_chance() == pytest.approx(0.01837 + 1e-4, abs=2e-5)


def test_packed_processes_and_progress_give_the_same() -> None:
    bits = np.random.default_rng(1).integers(0, 2, (7, 1001), dtype=np.uint8)
    names = ["frequency", "runs", "cumulative_sums"]
    plain, said = nist_suite(bits, tests=names), []
    packed = nist_suite(
        np.packbits(bits, axis=1), count=1001, tests=names, workers=2, progress=lambda *p: said.append(p)
    )
    np.testing.assert_array_equal(plain.data["p_value"], packed.data["p_value"])
    assert said[-1] == (7, 7)
    lines = plain.table().splitlines()
    assert len(lines) == 1 + 3 + 1
    assert lines[-1].startswith("over all")


def test_streams_too_short_are_refused_by_name_or_skipped() -> None:
    bits = np.random.default_rng(2).integers(0, 2, (2, 50_000), dtype=np.uint8)
    with pytest.raises(
        InputError, match=r"50,000 bits are too short for 8 of 15.*universal 387,840.*skip_short"
    ) as said:
        nist_suite(bits)
    assert "frequency" not in str(said.value)
    report = nist_suite(bits, skip_short=True)
    assert "linear_complexity" in report.skipped
    assert report.verdicts()["linear_complexity"] == "too short"
    assert "too short" in report.table()
    with pytest.raises(InputError, match="too short for 15 of 15"):
        nist_suite(bits[:, :50], skip_short=True)


def test_runs_left_out_for_their_bias_have_the_chance_of_that() -> None:
    """NIST's program gives 0 where the frequency test's z is beyond 4, which happens with erfc(4/sqrt 2) = 6.3e-5."""
    for ones, left_out in ((5199, False), (5201, True)):  # z = 3.98 and 4.02 of 10 000 bits
        bits = np.zeros(10_000, np.uint8)
        bits[np.random.default_rng(0).permutation(10_000)[:ones]] = 1
        found = float(by_name()["runs"].p_values(bits)[0])
        given = sys.modules["sp80022suite"].runs(bits.tobytes())
        assert (given == 0.0) is left_out
        assert found == pytest.approx(6.334e-5, rel=1e-3) if left_out else found == given


def test_every_test_runs_at_the_length_that_it_asks_for() -> None:
    for test in TESTS:
        if test.least < 400_000:
            bits = np.random.default_rng(3).integers(0, 2, test.least, dtype=np.uint8)
            assert ((test.p_values(bits) >= 0) & (test.p_values(bits) <= 1)).all(), test.name


def test_excursions_do_not_apply_to_a_walk_that_never_returns() -> None:
    bits = np.zeros(1_000_000, np.uint8)
    bits[::3] = 1
    report = nist_suite(bits, tests=["random_excursions", "frequency"])
    assert report.verdicts() == {"frequency": "fail", "random_excursions": "not applicable"}


def test_bad_input(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownNameError, match="frequency"):
        nist_suite(np.zeros(1000, np.uint8), tests=["frequence"])
    with pytest.raises(InputError, match="0 and 1"):
        nist_suite(np.full(1000, 2))
    with pytest.raises(InputError, match="Packed bits"):
        nist_suite(np.zeros((1, 4), np.uint8), count=100)
    monkeypatch.setitem(sys.modules, "sp80022suite", None)
    with pytest.raises(InputError, match=r"pip install 'spinloom\[randomness\]'"):
        nist_suite(np.zeros(1000, np.uint8), tests=["frequency"])
