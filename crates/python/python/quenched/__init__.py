"""Mixed-signal neuromorphic chips in integers, each die with its own frozen mismatch.

A :class:`Chip` is data; a :class:`Die` is a chip with its mismatch drawn once; a :class:`Network` is a wish that
:func:`map` turns into a :class:`Program`; a :class:`Run` is what a program did on a die. Same inputs, same bytes: the
digest of a run is the one that the command and Rust print.

Examples
--------
>>> import quenched as q
>>> chip = q.Chip("dynapse2")
>>> die = chip.die(3, seed=1, cv=0.2)
>>> die["tau_mem"].shape
(4, 256)
>>> program = q.map(q.Network.from_toml(q.template("network"), chip))
>>> run = q.run(program, die, duration="100 ms")
>>> run.rates("reservoir").shape
(64,)
"""

from . import _html
from ._builder import Group, Law, Network, normal, uniform
from ._chip import Mismatch
from ._events import events_from_counts, events_from_times, events_from_tonic
from ._frames import Table
from ._native import (
    Chip,
    Die,
    FileError,
    MappingError,
    Program,
    QuenchedError,
    RunError,
    UnknownNameError,
    __version__,
    template,
)
from ._nir import HeldGraph, from_nir, to_nir
from ._program import map, report
from ._reservoir import OnChipReadout, Reservoir, ReservoirRegressor
from ._run import SPIKE, Run, Simulator, run, run_many
from ._score import Scores, Yield, score, yield_
from ._study import Study, StudyResults

del _html

__all__ = [
    "SPIKE",
    "Chip",
    "Die",
    "FileError",
    "Group",
    "HeldGraph",
    "Law",
    "MappingError",
    "Mismatch",
    "Network",
    "OnChipReadout",
    "Program",
    "QuenchedError",
    "Reservoir",
    "ReservoirRegressor",
    "Run",
    "RunError",
    "Scores",
    "Simulator",
    "Study",
    "StudyResults",
    "Table",
    "UnknownNameError",
    "Yield",
    "__version__",
    "events_from_counts",
    "events_from_times",
    "events_from_tonic",
    "from_nir",
    "map",
    "normal",
    "report",
    "run",
    "run_many",
    "score",
    "template",
    "to_nir",
    "uniform",
    "yield_",
]
