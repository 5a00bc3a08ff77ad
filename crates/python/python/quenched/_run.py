"""Runs as Python wants them: events in, tables, traces and pictures out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from . import _native
from ._events import Events, as_events, seconds_of
from ._frames import Table
from ._html import box, raster_svg, traces_svg, warning_lines
from ._optional import need
from ._words import unknown

#: A spike: its tick, the number of its population, of its neuron in it, and how many spikes it is at once (1 but on
#: cores that send several, and the change of the output of a rate unit, in units of 2^-16).
SPIKE = np.dtype([("tick", "<u8"), ("population", "<u4"), ("neuron", "<u4"), ("value", "<i4")])

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
        own = self._of(population)
        counts = np.zeros((-(-self.ticks // bin_ticks), size), dtype=np.int64)
        np.add.at(counts, ((own["tick"] // bin_ticks).astype(np.int64), own["neuron"].astype(np.int64)), own["value"])
        return counts

    def to_table(self) -> Table:
        """The spikes by column: time in seconds, tick, population by name, neuron, value."""
        spikes = self.spikes
        names = np.array([name for name, _ in self.populations])
        return Table(
            {
                "time": spikes["tick"] * self._tick,
                "tick": spikes["tick"].copy(),
                "population": names[spikes["population"]] if len(names) else np.zeros(0, dtype="U1"),
                "neuron": spikes["neuron"].copy(),
                "value": spikes["value"].copy(),
            }
        )

    def to_pandas(self) -> Any:
        """The spikes as a DataFrame of pandas, which must be installed."""
        return self.to_table().to_pandas()

    def to_polars(self) -> Any:
        """The spikes as a DataFrame of polars, which must be installed."""
        return self.to_table().to_polars()

    def to_tonic(self, population: str, *, time_unit: str = "us") -> npt.NDArray[np.void]:
        """The spikes of a population as tonic has events.

        Parameters
        ----------
        population : str
        time_unit : {"s", "ms", "us", "ns"}
            Unit of ``t``, which is whole.

        Returns
        -------
        structured ndarray
            Fields x (the neuron), y (0), p (1) and t, one event a spike.
        """
        spikes = self._single(population)
        # The shortest decimal that is the float.
        ratio = Fraction(repr(self._tick)) / seconds_of(time_unit)
        events = np.zeros(len(spikes), dtype=[("x", "<i8"), ("y", "<i8"), ("p", "<i8"), ("t", "<i8")])
        events["x"], events["p"] = spikes["neuron"], 1
        events["t"] = spikes["tick"].astype(np.int64) * ratio.numerator // ratio.denominator
        return events

    def to_neo(self) -> Any:
        """The run as Neo has it, which must be installed.

        Returns
        -------
        neo.Block
            Of a segment with a spike train for each neuron and an analog signal for each probe.
        """
        neo, quantities = need("neo", "to_neo()"), need("quantities", "to_neo()")
        end = self.seconds * quantities.s
        segment = neo.Segment(name="run", digest=self.digest)
        for name, size in self.populations:
            spikes = self._single(name)
            for neuron in range(size):
                times = spikes["tick"][spikes["neuron"] == neuron] * self._tick
                train = neo.SpikeTrain(times * quantities.s, t_stop=end, name=f"{name}[{neuron}]")
                train.annotate(population=name, neuron=neuron)
                segment.spiketrains.append(train)
        sampled = self.sampled
        for name, quantity in self.probed:
            if len(sampled) < 2:
                continue
            unit = self.unit(name, quantity)
            # Units that quantities does not know are told of beside the numbers.
            known = unit if unit in ("V", "mV", "uV", "A", "mA", "uA", "nA", "pA") else "dimensionless"
            signal = neo.AnalogSignal(
                self.trace(name, quantity),
                units=known,
                sampling_period=float(sampled[1] - sampled[0]) * self._tick * quantities.s,
                t_start=float(sampled[0] + 1) * self._tick * quantities.s,
                name=f"{name}.{quantity}",
            )
            signal.annotate(population=name, quantity=quantity, unit=unit)
            segment.analogsignals.append(signal)
        block = neo.Block(name="quenched")
        block.segments.append(segment)
        return block

    def to_nirdata(self) -> Any:
        """The run as the package nir has it, which must be installed; ``nir.write_data`` writes it.

        Returns
        -------
        nir.NIRGraphData
            By population its spikes as events, and its probes on a grid of time.
        """
        nir = need("nir", "to_nirdata()")
        sampled = self.sampled
        nodes = {}
        for name, size in self.populations:
            spikes = self._single(name)
            index, time = spikes["neuron"].astype(np.int64)[None], (spikes["tick"] * self._tick)[None]
            if index.shape[1] == 0:
                # An event that is none fills what would be an empty array.
                index, time = np.array([[-1]]), np.array([[np.inf]])
            observables = {"spikes": nir.EventData(idx=index, time=time, n_neurons=size, t_max=self.seconds)}
            for own, quantity in self.probed:
                if own == name and len(sampled) > 1:
                    step = float(sampled[1] - sampled[0]) * self._tick
                    observables[quantity] = nir.TimeGriddedData(data=self.trace(name, quantity)[None], dt=step)
            nodes[name] = nir.NIRNodeData(observables=observables)
        return nir.NIRGraphData(nodes=nodes)

    def _of(self, population: str) -> npt.NDArray[np.void]:
        """The spikes of a population."""
        names = [name for name, _ in self.populations]
        if population not in names:
            raise unknown("population", population, names)
        spikes = self.spikes
        return cast("npt.NDArray[np.void]", spikes[spikes["population"] == names.index(population)])

    def _single(self, population: str) -> npt.NDArray[np.void]:
        """The same with each spike of several by itself."""
        spikes = self._of(population)
        return cast("npt.NDArray[np.void]", np.repeat(spikes, np.maximum(spikes["value"], 0)))

    @property
    def probed(self) -> list[tuple[str, str]]:
        """What was probed: population and quantity."""
        return self._native._probed

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
            _, ax = need("matplotlib.pyplot", "a plot").subplots()
        spikes, first = self.spikes, 0
        for number, (name, size) in enumerate(self.populations):
            own = spikes[spikes["population"] == number]
            ax.plot(own["tick"] * self._tick, own["neuron"] + first, "|", markersize=3, label=name)
            first += size
        ax.set(xlabel="time (s)", ylabel="neuron", xlim=(0, self.seconds), ylim=(-1, first))
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(self.populations), frameon=False)
        return ax

    def plot_trace(self, population: str, quantity: str, ax: Any = None) -> Any:
        """Draw what was probed into matplotlib axes, a line a neuron, and return them. Needs matplotlib."""
        values, unit = self.trace(population, quantity), self.unit(population, quantity)
        if ax is None:
            _, ax = need("matplotlib.pyplot", "a plot").subplots()
        ax.plot((self.sampled + 1) * self._tick, values)
        label = quantity if unit == "1" else f"{quantity} ({unit})"
        ax.set(xlabel="time (s)", ylabel=f"{population}: {label}", xlim=(0, self.seconds))
        return ax

    def _repr_html_(self) -> str:
        parts = [f"<b>{self.seconds:g} s, {len(self.spikes)} spikes</b> <span class='dim'>digest {self.digest}</span>"]
        parts.append(raster_svg(self.spikes, self.populations, self.seconds, self._tick))
        for population, quantity in self.probed[:4]:
            unit = self.unit(population, quantity)
            label = f"{population}.{quantity}" + ("" if unit == "1" else f" ({unit})")
            times = np.asarray((self.sampled + 1) * self._tick, dtype=np.float64)
            parts.append(traces_svg(times, self.trace(population, quantity), label, self.seconds))
        return box(*parts, warning_lines(self.warnings))

    def __repr__(self) -> str:
        return repr(self._native)


def _ticks(program: _native.Program, ticks: int | None, duration: str | None) -> int:
    if (ticks is None) == (duration is None):
        raise ValueError('give the length of a run as `ticks` or as `duration`, such as "100 ms"')
    return program.chip.ticks(duration) if duration is not None else cast(int, ticks)


def progress_bar(
    progress: bool | Callable[[int, int], None], total: int, unit: str
) -> Callable[[int, int], None] | None:
    """A bar of tqdm, which knows terminals and notebooks, if it is asked for and installed; or the callable."""
    if not isinstance(progress, bool):
        return progress
    if not progress:
        return None
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return None
    bar = tqdm(total=total, unit=unit)

    def tell(done: int, total: int) -> None:
        bar.total = total
        bar.update(done - bar.n)
        if done == total:
            bar.close()

    return tell


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
    progress: bool | Callable[[int, int], None] = False,
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
    progress : bool or callable
        True: a bar of tqdm, if it is installed. A callable is given the number of runs that are done and of all.

    Returns
    -------
    list of Run
        The inputs of the first die, then those of the next.

    Raises
    ------
    RunError
        A program cannot run so, or an event not be sent.
    ValueError
        Events are no list of events, the length is missing, or a die is of another chip.
    KeyboardInterrupt
        Ctrl-C, within a second, also in a long run.
    """
    length = _ticks(program, ticks, duration)
    probes = [(name, list(quantities)) for name, quantities in (probe or {}).items()]
    given = [as_events(events) for events in ([None] if inputs is None else inputs)]
    of = list(dies)
    made = _native.run_many(
        program,
        of,
        given,
        ticks=length,
        probes=probes,
        every=every,
        trial=trial,
        binary=binary,
        threads=threads,
        progress=progress_bar(progress, len(of) * len(given), "run"),
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
