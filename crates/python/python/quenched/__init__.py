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

from ._native import (
    Chip,
    Die,
    FileError,
    MappingError,
    Network,
    Program,
    QuenchedError,
    RunError,
    UnknownNameError,
    __version__,
    from_nir,
    map,
    template,
)
from ._run import SPIKE, Run, Simulator, events_from_counts, report, run, run_many
from ._study import Study, StudyResults

__all__ = [
    "SPIKE",
    "Chip",
    "Die",
    "FileError",
    "MappingError",
    "Network",
    "Program",
    "QuenchedError",
    "Run",
    "RunError",
    "Simulator",
    "Study",
    "StudyResults",
    "UnknownNameError",
    "__version__",
    "events_from_counts",
    "from_nir",
    "map",
    "report",
    "run",
    "run_many",
    "template",
]
