"""Runs as Python wants them: events of several forms in, tables and traces out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from . import _native

#: A spike: its tick, the number of its population, of its neuron in it, and how many spikes it is at once (1 but on
#: cores that send several, and the change of the output of a rate unit, in units of 2^-16).
SPIKE = np.dtype([("tick", "<u8"), ("population", "<u4"), ("neuron", "<u4"), ("value", "<i4")])

Events = npt.ArrayLike


def _spikes(tick: Any, population: Any, neuron: Any, value: Any) -> npt.NDArray[np.void]:
    spikes = np.empty(len(tick), dtype=SPIKE)
    spikes["tick"], spikes["population"], spikes["neuron"], spikes["value"] = tick, population, neuron, value
    return spikes


class Run:
    """What a program did on a die.

    Attributes
    ----------
    ticks : int
        Length of the run.
    digest : str
        The state after it in 16 hexadecimal digits: equal runs have equal digests, here, on the command line and in
        Rust.
    counters : dict of str to int
        What was counted: spikes, synaptic operations, events lost by cause, ...
    warnings : list of str
        What is not as it was asked for.
    populations : list of (str, int)
        Names and sizes, in the order of the numbers in `spikes`.
    """

    __slots__ = ("_native", "_tick")

    def __init__(self, native: _native.Run, tick: float) -> None:
        self._native = native
        self._tick = tick

    @property
    def ticks(self) -> int:
        return self._native.ticks

    @property
    def seconds(self) -> float:
        """Length of the run in seconds of emulated time."""
        return self._native.ticks * self._tick

    @property
    def digest(self) -> str:
        return self._native.digest

    @property
    def counters(self) -> dict[str, int]:
        return self._native.counters

    @property
    def warnings(self) -> list[str]:
        return self._native.warnings

    @property
    def populations(self) -> list[tuple[str, int]]:
        return self._native.populations

    @property
    def spikes(self) -> npt.NDArray[np.void]:
        """All spikes in order, an array of :data:`SPIKE`."""
        return _spikes(*self._native._columns())

    def counts(self, population: str) -> npt.NDArray[np.uint64]:
        """Spikes of each neuron of a population, shape (neurons,)."""
        return self._native.counts(population)

    def rates(self, population: str) -> npt.NDArray[np.float64]:
        """Mean rate of each neuron of a population in Hz, shape (neurons,)."""
        return self._native.counts(population) / self.seconds

    def dense(self, population: str, bin_ticks: int) -> npt.NDArray[np.int64]:
        """Spikes of a population in bins of so many ticks, shape (bins, neurons); the last bin may be shorter."""
        if bin_ticks < 1:
            raise ValueError(f"bin_ticks is {bin_ticks}; a bin has 1 tick or more")
        size = len(self.counts(population))
        number = [name for name, _ in self.populations].index(population)
        spikes = self.spikes
        own = spikes[spikes["population"] == number]
        counts = np.zeros((-(-self.ticks // bin_ticks), size), dtype=np.int64)
        np.add.at(counts, ((own["tick"] // bin_ticks).astype(np.int64), own["neuron"].astype(np.int64)), own["value"])
        return counts

    @property
    def sampled(self) -> npt.NDArray[np.uint64]:
        """The ticks at whose end probes were read, shape (samples,)."""
        return self._native.sampled

    def trace(self, population: str, quantity: str) -> npt.NDArray[np.float64]:
        """What was probed, in the unit that :meth:`unit` names, shape (samples, neurons)."""
        return self._native._trace(population, quantity)[0]

    def raw(self, population: str, quantity: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint32]]:
        """The same as the integers of the cores, shape (samples, neurons), and how many of their bits are behind the
        point, shape (neurons,): cores may differ in that. They count in what the chip counts as 1 in :meth:`unit`."""
        _, bits, fraction, _ = self._native._trace(population, quantity)
        return bits, fraction

    def unit(self, population: str, quantity: str) -> str:
        """The unit of what was probed."""
        return self._native._trace(population, quantity)[3]

    def plot(self, ax: Any = None) -> Any:
        """Draw the spikes into matplotlib axes, new ones if there are none, and return them. Needs matplotlib."""
        if ax is None:
            import matplotlib.pyplot as plt

            _, ax = plt.subplots()
        spikes, first = self.spikes, 0
        for number, (name, size) in enumerate(self.populations):
            own = spikes[spikes["population"] == number]
            ax.plot(own["tick"] * self._tick, own["neuron"] + first, "|", markersize=3, label=name)
            first += size
        ax.set(xlabel="time (s)", ylabel="neuron", xlim=(0, self.seconds), ylim=(-1, first))
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(self.populations), frameon=False)
        return ax

    def __repr__(self) -> str:
        return repr(self._native)


def events_from_counts(counts: npt.ArrayLike, bin_ticks: int, first_channel: int = 0) -> npt.NDArray[np.int64]:
    """Events of dense counts.

    Parameters
    ----------
    counts : array_like of int, shape (bins, channels)
        How many spikes each channel has in each bin; they come together at its first tick.
    bin_ticks : int
        Ticks of a bin.
    first_channel : int
        The channel of the first column.

    Returns
    -------
    ndarray of int64, shape (events, 3)
        Tick, channel and number of spikes, as :func:`run` takes them.
    """
    dense = np.asarray(counts)
    if dense.ndim != 2 or not np.issubdtype(dense.dtype, np.integer):
        raise ValueError(
            f"counts have {dense.ndim} axes and dtype {dense.dtype}; they have the axes (bins, channels) and are integers"
        )
    if bin_ticks < 1:
        raise ValueError(f"bin_ticks is {bin_ticks}; a bin has 1 tick or more")
    bins, channels = np.nonzero(dense)
    return np.stack([bins * bin_ticks, channels + first_channel, dense[bins, channels]], axis=1).astype(np.int64)


def _events(events: Events | None) -> npt.NDArray[np.int64]:
    """Tick, channel and payload of each event; what is no list of events is refused with what it is."""
    if events is None:
        return np.zeros((0, 3), dtype=np.int64)
    given = np.asarray(events)
    if given.size == 0:
        return np.zeros((0, 3), dtype=np.int64)
    if given.dtype.names is not None:
        names = [name for name in ("tick", "channel", "payload") if name in given.dtype.names]
        if names[:2] != ["tick", "channel"]:
            raise ValueError(f"events have the fields {given.dtype.names}; they have `tick`, `channel` and, if need be, `payload`")
        given = np.stack([given[name] for name in names], axis=-1)
    if given.ndim != 2 or given.shape[1] not in (2, 3) or not np.issubdtype(given.dtype, np.integer):
        raise ValueError(
            f"events have the shape {given.shape} and dtype {given.dtype}; they have the shape (events, 2) or (events, 3),"
            " tick, channel and number of spikes, and are integers: `events_from_counts` makes them of dense counts"
        )
    if given.shape[1] == 2:
        given = np.concatenate([given, np.ones((len(given), 1), dtype=given.dtype)], axis=1)
    return np.ascontiguousarray(given, dtype=np.int64)


def _ticks(program: _native.Program, ticks: int | None, duration: str | None) -> int:
    if (ticks is None) == (duration is None):
        raise ValueError('give the length of a run as `ticks` or as `duration`, such as "100 ms"')
    return program.chip.ticks(duration) if duration is not None else cast(int, ticks)


def run_many(
    program: _native.Program,
    dies: Iterable[_native.Die],
    inputs: Sequence[Events | None] | None = None,
    *,
    ticks: int | None = None,
    duration: str | None = None,
    probe: Mapping[str, Sequence[str]] | None = None,
    every: int | None = None,
    trial: int | None = None,
    binary: bool = False,
    threads: int | None = None,
) -> list[Run]:
    """Run a program on every die with every input; the mapping is made once, and threads change nothing.

    Parameters
    ----------
    program : Program
    dies : iterable of Die
    inputs : sequence of events, optional
        For each run the events as an array of integers, shape (events, 2) or (events, 3): tick, channel, number of
        spikes; or a structured array with these fields. None: one run a die without events.
    ticks, duration : int, str
        Length of each run, one of both: ``ticks=1000`` or ``duration="100 ms"``.
    probe : mapping of str to sequence of str, optional
        Quantities to read of populations: ``{"reservoir": ["v"]}``.
    every : int, optional
        Ticks from one reading to the next.
    trial : int, optional
        Run with the noise of the chip file, this one of its trials.
    binary : bool
        Several events of a channel in a step are one spike.
    threads : int, optional
        Threads; one a processor if not given.

    Returns
    -------
    list of Run
        The inputs of the first die, then those of the next.

    Raises
    ------
    RunError
        A program cannot run so, or an event not be sent.
    ValueError
        Events are no list of events, or the length is missing.
    """
    length = _ticks(program, ticks, duration)
    probes = [(name, list(quantities)) for name, quantities in (probe or {}).items()]
    given = [_events(events) for events in ([None] if inputs is None else inputs)]
    made = _native.run_many(
        program,
        list(dies),
        given,
        ticks=length,
        probes=probes,
        every=every,
        trial=trial,
        binary=binary,
        threads=threads,
    )
    tick = program.chip.tick
    return [Run(native, tick) for native in made]


def run(
    program: _native.Program,
    die: _native.Die,
    events: Events | None = None,
    *,
    ticks: int | None = None,
    duration: str | None = None,
    probe: Mapping[str, Sequence[str]] | None = None,
    every: int | None = None,
    trial: int | None = None,
    binary: bool = False,
) -> Run:
    """Run a program on a die; see :func:`run_many`."""
    [one] = run_many(
        program,
        [die],
        [events],
        ticks=ticks,
        duration=duration,
        probe=probe,
        every=every,
        trial=trial,
        binary=binary,
        threads=1,
    )
    return one


def report(program: _native.Program) -> dict[str, Any]:
    """The report of a mapping as the command prints it with ``--json``: cores, projections, losses, warnings.

    Raises
    ------
    ValueError
        The program was read from a file, which has no report.
    """
    text = program._report
    if text is None:
        raise ValueError("the program was read from a file, which has no report of its mapping")
    return cast("dict[str, Any]", json.loads(text))


class Simulator:
    """A program on a die that is stepped from outside, for closed loops and test benches.

    Parameters
    ----------
    program : Program
    die : Die
    trial : int
        Number of the run, for the sources of its network.

    Notes
    -----
    The same steps and events give the same digest as :func:`run`. `quenched lockstep` is the same for other languages.
    """

    __slots__ = ("_native",)

    def __init__(self, program: _native.Program, die: _native.Die, *, trial: int = 0) -> None:
        self._native = _native._Simulator(program, die, trial)

    @property
    def now(self) -> int:
        """The next tick to be processed."""
        return self._native.now

    def inject(self, channel: int, payload: int = 1, tick: int | None = None) -> None:
        """Send an event of a channel: so many spikes, in the next tick if none is named.

        Raises
        ------
        RunError
            There is no such channel, it cannot have so many spikes, or the tick is over.
        """
        self._native.inject(channel, payload, tick)

    def step(self, ticks: int = 1) -> npt.NDArray[np.void]:
        """Go on by so many ticks and return the spikes of that time, an array of :data:`SPIKE`."""
        return _spikes(*self._native.step(ticks))

    def state(self, population: str, quantity: str) -> npt.NDArray[np.float64]:
        """A quantity of all neurons of a population as the last tick left it, shape (neurons,).

        Raises
        ------
        RunError
            There is no such population or quantity; the message lists those that there are.
        """
        return self._native.state(population, quantity)[0]

    def unit(self, population: str, quantity: str) -> str:
        """The unit of a quantity."""
        return self._native.state(population, quantity)[1]

    @property
    def digest(self) -> str:
        """The state as 16 hexadecimal digits."""
        return self._native.digest

    def reset(self) -> None:
        """Go back to tick 0."""
        self._native.reset()

    def __repr__(self) -> str:
        return f"Simulator(at tick {self.now}, digest {self.digest})"
