"""Labelled sets on many dies: what `quenched score` does, with arrays in and tables out."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _native
from ._events import as_events, events_from_counts, events_from_tonic
from ._frames import Columns, Table
from ._html import box, table, warning_lines
from ._run import progress_bar
from ._words import did_you_mean, shape_of


@dataclass(frozen=True)
class Yield:
    """The share of dies that reach what is required, with what is known of all dies.

    Attributes
    ----------
    cv : float or None
        The mismatch of the dies; None: as in the chip file.
    share : float
        Of the dies that were run.
    low, high : float
        The interval of Clopper and Pearson for the share of all dies.
    reached, dies : int
        How many pass, of how many.
    best, worst : (int, float)
        A die and its score.
    level : float
        Of the interval, such as 0.95.
    """

    cv: float | None
    share: float
    low: float
    high: float
    reached: int
    dies: int
    best: tuple[int, float]
    worst: tuple[int, float]
    level: float


class Scores(Table):
    """What every die made of every sample: a table with a row a decision.

    Columns are ``cv`` (NaN: as in the chip file), ``die``, ``sample``, ``label``, ``predicted`` (an empty text, or -1 where classes are
    numbers, if no neuron decided), ``correct``, ``tie``, ``output_spikes`` and ``spikes``.

    Attributes
    ----------
    dies : Table
        A row a die and CV: accuracy with the interval of Wilson over samples (``low``, ``high``), and what was counted.
    classes : list of str
        Class i is output neuron i.
    output : str
        The population that decided.
    decide : str
        How.
    warnings : list of str
        What is not as it was asked for.
    """

    __slots__ = ("_blocks", "classes", "decide", "dies", "output", "warnings")

    def __init__(self, native: _native.Scores, numbers: bool) -> None:
        self._blocks = native.blocks
        self.classes, self.output, self.decide = native.classes, native.output, native.decide
        self.warnings = native.warnings
        names: npt.NDArray[Any] = np.array([int(name) for name in self.classes]) if numbers else np.array(self.classes)
        none: Any = -1 if numbers else ""
        labels = np.array(native.labels, dtype=np.int64)
        columns: dict[str, list[npt.NDArray[Any]]] = {}
        rows: list[dict[str, Any]] = []
        for block in native.blocks:
            decided, tie, output_spikes, spikes = block.outcomes()
            dies, count = len(block.dies), len(labels)
            all_labels = np.tile(labels, dies)
            predicted = np.where(decided >= 0, names[np.maximum(decided, 0)], none) if len(names) else decided
            for name, column in (
                ("cv", np.full(dies * count, np.nan if block.cv is None else block.cv)),
                ("die", np.repeat(np.array(block.dies, dtype=np.int64), count)),
                ("sample", np.tile(np.arange(count), dies)),
                ("label", names[all_labels]),
                ("predicted", predicted),
                ("correct", decided == all_labels),
                ("tie", tie),
                ("output_spikes", output_spikes),
                ("spikes", spikes),
            ):
                columns.setdefault(name, []).append(column)
            rows += [{"cv": np.nan if block.cv is None else block.cv, **row} for row in block.of_dies()]
        super().__init__({name: np.concatenate(parts) for name, parts in columns.items()})
        of_dies: Columns = {name: np.array([row[name] for row in rows]) for name in rows[0]} if rows else {}
        self.dies = Table(of_dies)

    @property
    def over_dies(self) -> Table:
        """A row a CV: mean accuracy over dies, its standard deviation, and the interval of the mean (95 %, Student's t)."""
        found: dict[str, list[Any]] = {name: [] for name in ("cv", "dies", "mean", "sd", "low", "high")}
        for block in self._blocks:
            mean, deviation, interval = block.over_dies()
            low, high = interval or (np.nan, np.nan)
            row = (block.cv, len(block.dies), mean, deviation, low, high)
            for column, value in zip(found.values(), row):
                column.append(np.nan if value is None else value)
        return Table({name: np.array(column) for name, column in found.items()})

    def confusion(self, cv: float | None = None) -> npt.NDArray[np.uint64]:
        """How often samples of each label were decided as each class, over all dies of a CV.

        Parameters
        ----------
        cv : float, optional
            Needed where there are several.

        Returns
        -------
        ndarray of uint64, shape (classes, outputs + 1)
            A row a label, a column an output neuron; the last column: not decided.
        """
        return self._block(cv).confusion()

    def _block(self, cv: float | None) -> _native.Block:
        if cv is None and len(self._blocks) == 1:
            return self._blocks[0]
        for block in self._blocks:
            if block.cv == cv:
                return block
        known = ", ".join("None" if block.cv is None else f"{block.cv:g}" for block in self._blocks)
        raise ValueError(f"there are no scores at cv={cv}; there are those at {known}")

    def __repr__(self) -> str:
        return f"{self.dies!r}\n{len(self)} decisions by `{self.output}`: {self.decide}"

    def _repr_html_(self) -> str:
        head = f"<b>{len(self)} decisions</b> by {self.output}: {self.decide}"
        over, dies = self.over_dies, self.dies
        return box(head) + table(over.columns, over._cells()) + table(dies.columns, dies._cells()) + box(warning_lines(self.warnings))


def score(
    program: _native.Program,
    samples: Sequence[Any],
    labels: Sequence[Any] | npt.NDArray[Any],
    *,
    dies: int | Iterable[int] | Iterable[_native.Die] = 1,
    cv: float | Sequence[float] | None = None,
    seed: int = 1,
    vary: str | Sequence[str] = (),
    faults: bool = True,
    noise: bool = False,
    output: str | None = None,
    decide: str | None = None,
    classes: Sequence[Any] | None = None,
    ticks: int | None = None,
    duration: str | None = None,
    bin_ticks: int | None = None,
    sensor_size: tuple[int, ...] | None = None,
    time_unit: str = "us",
    binary: bool = False,
    trial: int = 0,
    threads: int | None = None,
    progress: bool | Callable[[int, int], None] = False,
) -> Scores:
    """Show labelled samples to many dies, with one mapping: how many does each decide as its label says?

    Parameters
    ----------
    program : Program
    samples : sequence
        Of each sample its events: an array of integers, shape (events, 2) or (events, 3), of tick, channel and number of
        spikes; dense counts, shape (bins, channels), if `bin_ticks` is given; a recording of tonic if `sensor_size` is.
    labels : sequence of int or str
        One a sample. Integers are numbers of output neurons; others are names, in the order of `classes`.
    dies : int, iterable of int, or iterable of Die
        How many (the first ones), their numbers, or the dies themselves.
    cv : float or sequence of float, optional
        Coefficients of variation that mismatch is scaled to, each with all dies; as in the chip file if not given.
    seed : int
        Root of all dies.
    vary : str or sequence of str
        Parameters, or "weights", that alone have mismatch.
    faults, noise : bool
        With the faults of the chip file; with its noise.
    output : str, optional
        The population that decides: neuron i for class i. If it is left out, the only one that sends nothing.
    decide : {"count", "first", "membrane", "membrane-max"}, optional
        By most spikes (the default), the first spike, the highest voltage at the end, or of all steps (the default of an
        output that is a voltage).
    classes : sequence, optional
        Names of the classes, in the order of the output neurons.
    ticks, duration : int, str
        Length of each sample; as long as its bins if it has such and neither is given.
    bin_ticks : int, optional
        Samples are dense counts with bins of so many ticks.
    sensor_size : tuple of int, optional
        Samples are recordings of tonic of this sensor (columns, rows, polarities).
    time_unit : {"s", "ms", "us", "ns"}
        Of recordings.
    binary : bool
        Several events of a channel in a step are one spike.
    trial : int
        Number of the run, for its noise and the sources of its network.
    threads : int, optional
        Threads; one a processor if not given. The results are the same bytes for any number.
    progress : bool or callable
        True: a bar of tqdm, if it is installed. A callable is given the number of samples that are done and of all.

    Returns
    -------
    Scores
        The same numbers as ``quenched score`` has for the same set.

    Raises
    ------
    ValueError
        Samples, labels or options are not what they should be; the message says what was expected.
    UnknownNameError
        There is no such population, rule or parameter.
    RunError
        A sample cannot be sent.
    KeyboardInterrupt
        Ctrl-C, within a second.
    """
    if ticks is not None and duration is not None:
        raise ValueError("give the length of samples as `ticks` or as `duration`, not both")
    chip = program.chip
    length = chip.ticks(duration) if duration is not None else ticks
    if bin_ticks is not None and sensor_size is not None:
        raise ValueError("samples are dense counts (`bin_ticks`) or recordings (`sensor_size`), not both")
    events: list[npt.NDArray[np.int64]] = []
    lengths: list[int | None] = []
    channels = sum(size for _, size in program.inputs)
    for index, sample in enumerate(samples):
        try:
            if bin_ticks is not None:
                dense = np.asarray(sample)
                if dense.ndim != 2 or dense.shape[1] != channels:
                    raise ValueError(f"counts have {shape_of(dense)}; they have the shape (bins, {channels}), one column a channel")
                events.append(events_from_counts(dense, bin_ticks))
                lengths.append(len(dense) * bin_ticks)
            elif sensor_size is not None:
                events.append(events_from_tonic(np.asarray(sample), chip, sensor_size=sensor_size, time_unit=time_unit))
                lengths.append(None)
            else:
                events.append(as_events(sample))
                lengths.append(None)
        except ValueError as error:
            raise ValueError(f"sample {index}: {error}") from None
    if not events:
        raise ValueError("there is no sample to show; samples is a sequence of one or more")
    given = np.asarray(labels)
    if given.ndim != 1 or given.dtype.kind not in "iubUO":
        raise ValueError(f"labels have {shape_of(given)}; they have the shape ({len(events)},), and are integers or names")
    if given.dtype.kind in "i" and given.size and given.min() < 0:
        raise ValueError(f"sample {int(np.argmin(given))}: the label {given.min()}; labels that are integers are output neurons, from 0")
    texts = [str(int(label)) if given.dtype.kind in "iub" else str(label) for label in given]
    cvs: list[float | None] = [None]
    if cv is not None:
        cvs = [float(one) for one in (cv if isinstance(cv, (Sequence, np.ndarray)) else [cv])]
    asked: list[Any] = list(range(dies)) if isinstance(dies, (int, np.integer)) else list(dies)
    if not asked:
        raise ValueError("there is no die; dies is how many there are, their numbers, or a sequence of Die")
    names = [vary] if isinstance(vary, str) else list(vary)
    if isinstance(asked[0], _native.Die) and (cv is not None or names or not faults):
        raise ValueError("`cv`, `vary` and `faults` say how dies are drawn, and these are drawn already")
    total = len(asked) * len(cvs) * len(events)
    native = _native.score(
        program,
        events,
        texts,
        dies=asked,
        cvs=cvs,
        seed=seed,
        vary=names,
        faults=faults,
        noise=noise,
        output=output,
        decide=decide,
        classes=None if classes is None else [str(name) for name in classes],
        lengths=lengths,
        ticks=length,
        binary=binary,
        trial=trial,
        threads_max=threads,
        progress=progress_bar(progress, total, "sample"),
    )
    return Scores(native, given.dtype.kind in "iub" and all(name.lstrip("-").isdecimal() for name in native.classes))


_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {">=": operator.ge, "<=": operator.le}


def yield_(scores: Scores | Table, require: str, *, level: float = 0.95) -> list[Yield]:
    """The share of dies that reach what is required, with its interval.

    Parameters
    ----------
    scores : Scores or Table
        What :func:`score` gave, or a table with the column ``die`` and the one that is compared (and ``cv``).
    require : str
        A column of ``scores.dies``, ``>=`` or ``<=``, and a number: ``"accuracy >= 0.9"``.
    level : float
        Of the interval of Clopper and Pearson.

    Returns
    -------
    list of Yield
        One for each CV.

    Raises
    ------
    ValueError
        `require` is no such comparison.
    UnknownNameError
        There is no such column.
    """
    found = re.fullmatch(r"\s*(\w+)\s*(>=|<=)\s*([-+.\deE]+)\s*", require)
    if found is None:
        raise ValueError(f'`require` is {require!r}; it is a column, >= or <=, and a number, such as "accuracy >= 0.9"')
    name, sign, number = found.groups()
    try:
        bound = float(number)
    except ValueError:
        raise ValueError(f"`require`: {number} is no number") from None
    dies = scores.dies if isinstance(scores, Scores) else scores
    values, numbers = dies[name], dies["die"]
    if values.dtype.kind not in "fiub":
        raise ValueError(f"the column `{name}` has dtype {values.dtype}; what is required of is numbers: {did_you_mean('', [c for c in dies.columns], 'there are')}")
    groups: list[tuple[float | None, npt.NDArray[np.bool_]]] = [(None, np.ones(len(dies), dtype=bool))]
    if "cv" in dies.columns:
        cvs = dies["cv"]
        of_file = np.isnan(cvs)
        groups = [(None, of_file)] if of_file.any() else []
        groups += [(float(cv), cvs == cv) for cv in dict.fromkeys(cvs[~of_file].tolist())]
    all_of: list[Yield] = []
    for cv, rows in groups:
        share, low, high, reached, count, best, worst = _native.yield_share(
            numbers[rows].tolist(), values[rows].astype(float).tolist(), bound, at_most=sign == "<=", level=level
        )
        all_of.append(Yield(cv, share, low, high, reached, count, best, worst, level))
    return all_of
