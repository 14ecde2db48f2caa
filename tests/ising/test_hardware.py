from __future__ import annotations

import numpy as np
import pytest

from spinloom.devices import device
from spinloom.errors import InputError, ParameterError, UnknownNameError
from spinloom.ising import hardware
from spinloom.ising.exact import Enumeration
from spinloom.ising.hardware import Hardware
from spinloom.ising.histograms import histogram, largest_variation, total_variation
from spinloom.ising.job import Job
from spinloom.ising.network import Network
from spinloom.ising.problem import Problem

AND = Network.from_matrix([[0, -1, 2], [-1, 0, 2], [2, 2, 0]], [1, 1, -2])
COUSINS = {
    "I": [], "J": [], "K": [], "L": [], "u1": ["I", "J"], "m": ["I", "J"], "f": ["K", "L"], "u2": ["K", "L"],
    "s1": [], "s2": [], "c1": ["u1", "s1"], "a": ["m", "f"], "b": ["m", "f"], "c2": ["u2", "s2"], "s3": [], "s4": [],
    "A": ["a", "s3"], "B": ["b", "s4"], "C": ["c1", "c2"],
}  # fmt: skip


def _samples(net: Network, name: str, dynamics: str, sweeps: int, gain: float = 1.0, every: int = 1, **more: object):
    parameters = {key: more.pop(key) for key in list(more) if key not in Hardware.__dataclass_fields__}
    made = Hardware(device(name, **parameters), dynamics, **more)  # pyright: ignore[reportArgumentType]
    found = hardware.run(net, made, np.full(sweeps, gain), seed=1, every=every)
    return found.samples[0][len(found.samples[0]) // 20 :]


# ---- the ideal, and orders in time -------------------------------------------------------------------------------


@pytest.mark.parametrize("dynamics", ["events", "sequential"])
def test_asynchronous_decisions_sample_boltzmanns_law(dynamics: str) -> None:
    # a sample each 12 sweeps: correlations of neighbours below 1e-3, so 20 000 count as independent; at most one false
    # alarm in 1000 (fixed seed)
    spins = _samples(AND, "Faria2021_stt", dynamics, 12 * 20_000, gain=0.5, every=12)
    exact = AND.distribution(0.5)
    assert total_variation(histogram(spins), exact) < largest_variation(exact, len(spins))


def test_synchronous_decisions_follow_their_transition_matrix_and_not_boltzmann() -> None:
    """The stationary law of T(m -> m') = prod_i (1 + m'_i tanh x_i(m))/2, from the matrix."""
    n, states = 3, Enumeration.from_matrix(np.zeros((3, 3)))
    spins = np.array([[1 if number >> i & 1 else -1 for i in range(n)] for number in range(states.energies.size)])
    tanh = np.tanh(spins @ AND.matrix().T + AND.fields)
    transition = np.prod(0.5 * (1 + spins[None] * tanh[:, None]), axis=2)
    values, vectors = np.linalg.eig(transition.T)
    stationary = np.real(vectors[:, np.argmax(values.real)])
    stationary /= stationary.sum()
    found = histogram(_samples(AND, "Faria2021_stt", "synchronous", 400_000, every=20))
    # every 20th of 400 000, taken as independent: at most one false alarm in 1000
    assert total_variation(found, stationary) < largest_variation(stationary, 19_000)
    assert total_variation(found, AND.distribution()) > 0.57  # exact transition matrices of gates give 0.57 to 1


# ---- the two designs ----------------------------------------------------------------------------------------------


def test_bayesian_network_of_19_is_right_with_design_1_and_wrong_with_design_2() -> None:
    """Correlations of cousins A, B and of siblings a, b. The strong regression test of autonomous p-bits.

    6 us (150 ps) of design 1: the correlation of a pair is a mean over 40 000 fluctuation times, standard error below
    sqrt(2 (1 - c^2)/40 000) = 0.007.
    """
    net = Network.from_parents(COUSINS, 2.0)
    exact = net.correlations(net.distribution())
    place = {name: i for i, name in enumerate(COUSINS)}
    found = {}
    for name in ("Faria2021_stt", "Faria2021_sot"):
        spins = _samples(net, name, "steps", 40_000, every=50).astype(float)
        found[name] = spins.T @ spins / len(spins)
    cousins, siblings = (place["A"], place["B"]), (place["a"], place["b"])
    assert exact[siblings] == pytest.approx(0.5, abs=1e-3)
    assert exact[cousins] == pytest.approx(0.125, abs=1e-3)
    right, wrong = found["Faria2021_stt"], found["Faria2021_sot"]
    # 5 standard errors, and a delay of 4 ps a generation, 0.03 tau_N, which takes as much from a correlation
    assert np.abs(right - exact).max() < 0.05
    assert wrong[siblings] - exact[siblings] > 0.1
    assert wrong[cousins] - exact[cousins] > 0.05


def test_design_2_is_boltzmanns_law_and_design_1_is_its_own_on_two_symmetric_p_bits() -> None:
    """Design 1 keeps its noise while its neighbour answers: P(aligned) = 1/2 + T - T^2/2, T = tanh J; not (1 + T)/2.

    Where |r| < T for both, the two hold each other; with one outside, the other follows. 20 000 tau_N with memory of
    about one: standard error below 0.005 each.
    """
    pair, t = Network.from_matrix([[0, 1], [1, 0]]), np.tanh(1.0)
    aligned = {}
    for name in ("Faria2021_stt", "Faria2021_sot"):
        m = _samples(pair, name, "steps", 20_000, every=50)
        aligned[name] = (m[:, 0] == m[:, 1]).mean()
    assert aligned["Faria2021_sot"] == pytest.approx(0.5 * (1 + t), abs=0.02)
    # tau_T + tau_S = 4 ps of 150 ps, twice a redraw: 0.01 to 0.02 below the law without delay
    assert aligned["Faria2021_stt"] == pytest.approx(0.5 + t - 0.5 * t**2, abs=0.02)


def test_a_lonely_bit_follows_its_slope_and_offset() -> None:
    lonely = Network.from_matrix(np.zeros((40, 40)), np.full(40, 0.5))
    bits = {"slope_spread": 0.3, "offset_spread": 0.5}
    made = Hardware(device("Faria2021_stt", **bits), "sequential", chip=7)
    spins = hardware.run(lonely, made, np.ones(20_000), every=1).samples[0]
    drawn = made.spread(40)
    # 20 000 independent decisions: standard error 0.0035 of a probability; 40 bits at 5 of them: false alarm 2e-5
    expected = 0.5 * (1 + np.tanh(drawn.slope * (0.5 - drawn.offset)))
    assert (spins > 0).mean(axis=0) == pytest.approx(expected, abs=0.018)
    straight = Hardware(made.device, chip=7, slope_spread=False, offset_spread=False).spread(40)
    assert (straight.slope == 1).all()
    assert (straight.offset == 0).all()


# ---- solving -------------------------------------------------------------------------------------------------------


def _ring(size: int = 12) -> Problem:
    return Problem.from_arrays(np.arange(size), (np.arange(size) + 1) % size, np.ones(size))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("Faria2021_stt", {}),
        ("Faria2021_sot", {}),
        ("Borders2019_smtj", {"bits": 4}),
        ("Borders2019_smtj", {"dynamics": "events"}),
    ],
)
def test_solves_a_ring_and_says_what_the_hardware_did(name: str, options: dict) -> None:
    problem, bit = _ring(), device(name)
    job = Job(problem, 8, np.linspace(0.1, 3.0, 100), seed=2, device=bit, options=options)
    found = hardware.solve(job)
    assert found.energies == pytest.approx(problem.energies(found.states), abs=1e-12)
    assert found.energies.min() == -12.0  # the antiferromagnetic ring's ground state, in one of 8 reads
    about = found.info["hardware"]
    assert about["time"] == pytest.approx(100 * bit.time_per_update, rel=1e-12)
    assert about["energy"] == pytest.approx(100 * 12 * bit.energy_per_update, rel=1e-12)
    assert about["updates"] == 1200
    again = hardware.solve(Job(problem, 8, job.betas, seed=2, threads=3, device=name, options=options))
    assert np.array_equal(again.states, found.states)  # the seed alone counts
    other = hardware.solve(Job(problem, 8, job.betas, seed=3, device=bit, keep="last", options=options))
    assert not np.array_equal(other.states, found.states)


def test_the_sampler_runs_on_a_device() -> None:
    pytest.importorskip("dimod")
    from spinloom.ising import PBitSampler

    ring = {(f"s{i}", f"s{(i + 1) % 10}"): 1.0 for i in range(10)}
    sampler = PBitSampler(device="Faria2021_sot", slope_spread=0.05)
    found = sampler.sample_ising({}, ring, num_reads=6, num_sweeps=200, seed=4, options={"bits": 5})
    assert found.first.energy == -10.0
    about = found.info["hardware"]
    assert (about["device"], about["dynamics"], about["bits"]) == ("Faria2021_sot", "steps", 5)
    assert about["time"] == pytest.approx(200 * 150e-12, rel=1e-12)


def test_best_states_are_judged_by_the_problem_and_not_by_what_the_hardware_holds() -> None:
    rng = np.random.default_rng(5)
    upper = np.triu(rng.normal(size=(8, 8)), 1)
    problem = Problem.from_matrix(upper + upper.T, rng.normal(size=8))
    job = Job(problem, 4, np.full(300, 0.7), device="Faria2021_sot", options={"bits": 2})
    found = hardware.solve(job)
    assert found.energies.min() == pytest.approx(Enumeration.of(problem).lowest, rel=1e-12)


def test_a_deadline_stops_and_keeps_what_there_is() -> None:
    job = Job(_ring(200), 4, np.full(100_000, 1.0), deadline=0.1, device="Faria2021_sot")
    found = hardware.solve(job)
    assert found.info["late"]  # the whole would take minutes
    assert found.info["hardware"]["updates"] < 200 * 100_000
    assert found.states.shape == (4, 200)
    assert set(np.unique(found.states)) == {-1, 1}


def test_comparison_switches_imperfections_on_one_after_another() -> None:
    rng = np.random.default_rng(8)
    upper = np.triu(rng.normal(size=(4, 4)), 1)
    bit = device("Faria2021_sot", slope_spread=0.2, offset_spread=0.3, synapse_time="75 ps")
    table = hardware.compare(Problem.from_matrix(upper + upper.T), bit, gain=0.7, sweeps=4000, bits=4, chip=1)
    cases = ["ideal", "device", "slope spread", "offset spread", "4-bit couplings", "synapse"]
    assert table["case"].values.tolist() == cases
    far = table["total_variation"]
    # 7600 samples of 16 states: 0.02 by chance; the design's law is Boltzmann's, the spread and the synapse are not
    assert float(far.sel(case="ideal")) < 0.04
    assert float(far.sel(case="device")) < 0.05
    assert float(far.sel(case="offset spread")) > float(far.sel(case="device"))
    assert float(far.sel(case="synapse")) > 0.05
    assert float(table["time"].sel(case="ideal")) == pytest.approx(4 * float(table["time"].sel(case="device")))


def test_what_cannot_be_is_refused() -> None:
    bit = device("Faria2021_stt")
    with pytest.raises(UnknownNameError, match="option of a hardware p-bit"):
        hardware.solve(Job(_ring(), 1, np.ones(2), device=bit, options={"bit": 3}))
    with pytest.raises(ParameterError):
        hardware.solve(Job(_ring(), 1, np.ones(2), device="Zhang2022_mtj"))
    with pytest.raises(UnknownNameError, match="dynamics"):
        Hardware(bit, "clocked")  # pyright: ignore[reportArgumentType]
    with pytest.raises(InputError, match="finite gains"):
        hardware.run(AND, Hardware(bit), [np.nan])
    with pytest.raises(InputError, match="samples need"):
        hardware.run(AND, Hardware(bit, "events"), np.ones(7_000_000), reads=100_000, every=1)
    with pytest.raises(InputError, match="First states"):
        hardware.run(AND, Hardware(bit), [1.0], initial=np.ones((2, 3)))
