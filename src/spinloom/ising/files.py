"""Problems from files, and their answers in the words of the problem: a cut, clauses violated, a tour, an energy.

| file | what | read as |
|---|---|---|
| rudy, G-set (.txt, .rud, .mc ...) | "nodes edges", then "i j weight" | max-cut |
| .qubo, coordinate list | "p qubo ..." or "i j value" | quadratic model |
| dimod's own (.bqm, .json) | BQM file, or JSON of ``to_serializable`` | quadratic model |
| DIMACS .cnf, .wcnf | clauses, weighted and hard ones | maximum satisfiability |
| TSPLIB .tsp | cities and distances | travelling salesman |

What a file is shows in its content and not in its ending. Files packed with gzip are unpacked.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, final

import numpy as np

from spinloom.errors import DataError, InputError, UnknownNameError
from spinloom.ising.clause_file import read_clauses
from spinloom.ising.encodings.max_cut import MaxCut
from spinloom.ising.encodings.max_sat import Clauses
from spinloom.ising.graph_file import read_graph
from spinloom.ising.qubo_file import read_qubo
from spinloom.ising.text_file import read_bytes, words
from spinloom.ising.tsplib import TspInstance, read_tsplib

if TYPE_CHECKING:
    import dimod
    from dimod.higherorder.polynomial import BinaryPolynomial

Kind = Literal["max-cut", "quadratic model", "maximum satisfiability", "travelling salesman"]

_SOURCES = {
    "gset": ("", ".txt", "https://web.stanford.edu/~yyye/yyye/Gset/"),
    "tsplib": (".tsp", ".tsp.gz", "http://comopt.ifi.uni-heidelberg.de/software/TSPLIB95/tsp/"),
}
"""Folder below SPINLOOM_DATA -> endings of its files, and whence they come."""


@final
@dataclass(frozen=True)
class ProblemFile:
    """A problem as a file states it, and as an energy to minimise.

    Attributes
    ----------
    kind : str
        max-cut, quadratic model, maximum satisfiability or travelling salesman.
    name : str
        Of the file, or what the file calls itself.
    source : MaxCut, Clauses, TspInstance or None
        The problem in its own terms; None for a quadratic model, which has no others.
    bqm : dimod.BinaryQuadraticModel or None
        The energy where it is quadratic; its variables are what the file calls them: nodes are counted from 1.
    polynomial : dimod.BinaryPolynomial or None
        The energy where a clause has more than two literals. A travelling salesman's has neither: see
        :mod:`spinloom.ising.encodings.tsp`.
    """

    kind: Kind
    name: str
    source: MaxCut | Clauses | TspInstance | None
    bqm: dimod.BinaryQuadraticModel | None = None
    polynomial: BinaryPolynomial | None = None

    @property
    def quantity(self) -> str:
        """What a value of the problem is: cut, energy, weight violated, tour length."""
        return {
            "max-cut": "cut",
            "quadratic model": "energy",
            "maximum satisfiability": "weight violated",
            "travelling salesman": "tour length",
        }[self.kind]

    @property
    def sense(self) -> Literal["max", "min"]:
        """Whether a larger value is better, or a smaller one."""
        return "max" if self.kind == "max-cut" else "min"

    @property
    def size(self) -> int:
        """Variables, or cities."""
        if isinstance(self.source, TspInstance):
            return self.source.size
        model = self.bqm if self.bqm is not None else self.polynomial
        return 0 if model is None else len(model.variables)

    def value(self, energy: float) -> float:
        """The value of the problem at an energy; a violated hard clause weighs 1 + all soft ones."""
        return float(self.source.cut(energy)) if isinstance(self.source, MaxCut) else float(energy)

    def energy(self, value: float) -> float:
        """The energy at a value of the problem: the inverse of :meth:`value`."""
        return float(self.source.energy(value)) if isinstance(self.source, MaxCut) else float(value)

    def describe(self, sample: Mapping[Any, int] | Sequence[int]) -> dict[str, Any]:
        """An answer in the problem's own words, counted anew and not taken from an energy.

        Parameters
        ----------
        sample : mapping of variable to value, or sequence of int
            A sample of the model; of a travelling salesman the cities in their order, from 0.

        Returns
        -------
        dict
            Its value under the name ``quantity``, and what belongs to it: the sizes of the parts, the clauses violated,
            the tour counted from 1.
        """
        if isinstance(self.source, TspInstance):
            tour = [int(city) for city in sample]
            return {self.quantity: self.source.length(tour), "tour": [city + 1 for city in tour]}
        if not isinstance(sample, Mapping):
            raise InputError("A sample maps each variable to its value.")
        if isinstance(self.source, MaxCut):
            states = np.array([sample[node] for node in range(1, self.source.nodes + 1)])
            positive = int((states > 0).sum())
            return {self.quantity: _plain(self.source.cut_of(states)), "parts": [positive, states.size - positive]}
        if isinstance(self.source, Clauses):
            return _satisfied(self.source, sample)
        return {self.quantity: _plain(self.bqm.energy(sample) if self.bqm is not None else math.nan)}


def _plain(value: Any) -> int | float:
    """A number without its zeros behind the point."""
    number = float(value)
    return int(number) if number.is_integer() else number


def _satisfied(clauses: Clauses, sample: Mapping[int, int]) -> dict[str, Any]:
    violated = clauses.violated(sample)
    soft = float(clauses.weights[violated & ~clauses.hard].sum())
    return {
        "weight violated": _plain(soft),
        "weight satisfied": _plain(clauses.soft_weight - soft),
        "clauses violated": int(violated.sum()),
        "hard clauses violated": int((violated & clauses.hard).sum()),
    }


def find(name: str | Path) -> Path:
    """The file of a problem: a path, or the name of a G-set graph or a TSPLIB problem below ``SPINLOOM_DATA``.

    ``find("G1")`` is ``gset/G1.txt`` or ``gset/G1``, ``find("st70")`` is ``tsplib/st70.tsp``.

    Raises
    ------
    DataError
        There is no such file, and SPINLOOM_DATA is not set; the message says where the collections are.
    UnknownNameError
        SPINLOOM_DATA holds no problem of this name; the message has the closest.
    """
    path = Path(name).expanduser()
    if path.is_file():
        return path
    if path.is_dir():
        raise DataError(f"'{path}' is a folder; the file of one problem is needed.")
    if path.name != str(name) or path.suffix:
        raise DataError(f"There is no file '{path}'.")
    folder = os.environ.get("SPINLOOM_DATA", "").strip()
    known: dict[str, Path] = {}
    for part, (*endings, _) in _SOURCES.items():
        for found in sorted((Path(folder).expanduser() / part).glob("*")) if folder else ():
            stem = found.name.partition(".")[0]
            if found.is_file() and found.name.removeprefix(stem) in endings:
                known.setdefault(stem, found)
    if path.name in known:
        return known[path.name]
    where = " and ".join(f"{part}/ (from {source[-1]})" for part, source in _SOURCES.items())
    if not known:
        raise DataError(
            f"There is no file '{path}'. If it is the name of a known problem, set SPINLOOM_DATA to a folder that has "
            f"{where}; spinloom does not download them."
        )
    raise UnknownNameError("file or problem", path.name, known, f"SPINLOOM_DATA is looked through: {where}.")


def read(path: str | Path) -> ProblemFile:
    """Read a problem, by path or by the name of a known one (:func:`find`).

    Raises
    ------
    DataError
        There is no such file, or it cannot be read.
    InputError
        No form of problem is recognised, or the file breaks the rules of its form: with the number of the line.
    """
    path = find(path)
    content = read_bytes(path)
    name = path.name.partition(".")[0] or path.name
    if content[:5] == b"DIMOD":
        return _quadratic(name, _dimod_file(content, path.name))
    if content.lstrip()[:1] == b"{":
        return _quadratic(name, _dimod_json(content, path.name))
    form = _form(content, path)
    if form == "graph":
        graph = read_graph(path)
        return ProblemFile("max-cut", name, graph, graph.bqm(start=1))
    if form == "qubo":
        return _quadratic(name, read_qubo(path))
    if form == "clauses":
        clauses = read_clauses(path)
        if clauses.length <= 2:
            return ProblemFile("maximum satisfiability", name, clauses, clauses.bqm())
        return ProblemFile("maximum satisfiability", name, clauses, polynomial=clauses.polynomial())
    if form == "tsplib":
        cities = read_tsplib(path)
        return ProblemFile("travelling salesman", cities.name, cities)
    raise InputError(
        f"{path.name} is of no form that is known: expected rudy's 'nodes edges' and 'i j weight', 'p qubo' or "
        "'i j value', 'p cnf', 'p wcnf' or 'h literals 0', TSPLIB's 'TYPE: TSP', or dimod's own file or JSON."
    )


def _form(content: bytes, path: Path) -> str:
    """Which text it is, by its first line that is no comment and, of numbers alone, by how many there are."""
    text = content[:65_536].decode("utf-8", errors="replace")
    lines = words(text, ("#", "%", "c"))
    if not lines:
        return ""
    first = lines[0][1]
    if first[0] == "p":
        return "qubo" if first[1:2] == ["qubo"] else "clauses"
    if first[0] == "h":
        return "clauses"
    if first[0].rstrip(":").upper() in ("NAME", "TYPE", "COMMENT", "DIMENSION", "EDGE_WEIGHT_TYPE"):
        return "tsplib"
    if not all(_is_number(word) for word in first):
        return ""
    if first[-1] == "0" and (len(first) > 3 or ".wcnf" in path.suffixes or any(line[0] == "h" for _, line in lines)):
        return "clauses"  # 'weight literals 0' without a head
    return {2: "graph", 3: "qubo"}.get(len(first), "")


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _quadratic(name: str, bqm: dimod.BinaryQuadraticModel) -> ProblemFile:
    if not bqm.num_variables:
        raise InputError(f"{name} is empty: it has no variable.")
    found = bqm.to_numpy_vectors()
    if not all(np.isfinite(part).all() for part in (found[0], found[1][2], found[2])):
        raise InputError(f"{name} holds a coefficient that is not finite.")
    return ProblemFile("quadratic model", name, None, bqm)


def _dimod_file(content: bytes, where: str) -> dimod.BinaryQuadraticModel:
    import dimod

    if not content.startswith(b"DIMODBQM"):
        kind = content[:8].decode("ascii", errors="replace")
        raise InputError(f"{where} is dimod's file of another model ({kind}): convert it first, e.g. dimod.cqm_to_bqm.")
    try:
        return dimod.BinaryQuadraticModel.from_file(content)
    except Exception as error:  # dimod's reader raises what its parts raise
        raise InputError(f"{where} is damaged: dimod cannot read it ({error}).") from None


def _dimod_json(content: bytes, where: str) -> dimod.BinaryQuadraticModel:
    import dimod

    try:
        table = json.loads(content)
        if table.get("type") != "BinaryQuadraticModel":
            raise InputError(f"{where}: JSON of dimod's BinaryQuadraticModel.to_serializable() is needed.")
        return dimod.BinaryQuadraticModel.from_serializable(table)
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"{where} is damaged: dimod cannot read it ({error!r}).") from None
