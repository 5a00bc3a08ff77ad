"""Events of many forms, as runs take them: tick, channel, number of spikes."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _native
from ._words import did_you_mean, shape_of

Events = npt.ArrayLike

#: Seconds of the units of time that recordings use.
UNITS = {"s": Fraction(1), "ms": Fraction(1, 10**3), "us": Fraction(1, 10**6), "ns": Fraction(1, 10**9)}


def seconds_of(unit: str) -> Fraction:
    """Seconds of a unit of time."""
    if unit not in UNITS:
        raise ValueError(f"time_unit is `{unit}`; {did_you_mean(unit, UNITS, 'there are')}")
    return UNITS[unit]


def tick_of(chip: _native.Chip) -> Fraction:
    """Seconds of a tick, exactly: the shortest decimal that is the float."""
    return Fraction(repr(chip.tick))


def to_ticks(times: npt.NDArray[Any], unit: str, chip: _native.Chip) -> npt.NDArray[np.int64]:
    """The ticks in which times lie."""
    ratio = seconds_of(unit) / tick_of(chip)
    if np.issubdtype(times.dtype, np.integer):
        # Products beyond 64 bits are taken as Python's integers.
        is_large = len(times) > 0 and max(abs(int(times.min())), abs(int(times.max()))) * ratio.numerator >= 2**63
        wide = times.astype(object if is_large else np.int64)
        return np.asarray(wide * ratio.numerator // ratio.denominator, dtype=np.int64)
    if not np.all(np.isfinite(times)):
        at = int(np.flatnonzero(~np.isfinite(times))[0])
        raise ValueError(f"event {at}: its time is {times[at]}, which is none")
    ticks = times.astype(np.float64) * float(ratio)
    # A time that is a whole number of ticks but for the last bits of a float is in that tick.
    near = np.rint(ticks)
    return np.where(np.abs(ticks - near) < 1e-6, near, np.floor(ticks)).astype(np.int64)


def events_from_counts(counts: npt.ArrayLike, bin_ticks: int, first_channel: int = 0) -> npt.NDArray[np.int64]:
    """Events of dense counts.

    Parameters
    ----------
    counts : array_like of int or bool, shape (bins, channels)
        How many spikes each channel has in each bin; they come together at its first tick.
    bin_ticks : int
        Ticks of a bin.
    first_channel : int
        The channel of the first column.

    Returns
    -------
    ndarray of int64, shape (events, 3)
        Tick, channel and number of spikes, as :func:`run` takes them.

    Raises
    ------
    ValueError
        Counts have other axes, are no integers or below 0, or the bin is empty.
    """
    dense = np.asarray(counts)
    if dense.ndim != 2 or not (np.issubdtype(dense.dtype, np.integer) or dense.dtype == np.bool_):
        raise ValueError(
            f"counts have {dense.ndim} axes and dtype {dense.dtype}; they have the axes (bins, channels) and are integers"
        )
    if bin_ticks < 1:
        raise ValueError(f"bin_ticks is {bin_ticks}; a bin has 1 tick or more")
    if dense.size and dense.min() < 0:
        at = np.unravel_index(int(np.argmin(dense)), dense.shape)
        raise ValueError(f"bin {at[0]}, channel {at[1]}: a count of {dense.min()}; counts are 0 or more")
    bins, channels = np.nonzero(dense)
    return np.stack([bins * bin_ticks, channels + first_channel, dense[bins, channels]], axis=1).astype(np.int64)


def events_from_times(
    times: npt.ArrayLike, channels: npt.ArrayLike, chip: _native.Chip, *, time_unit: str = "s"
) -> npt.NDArray[np.int64]:
    """Events of times and channels.

    Parameters
    ----------
    times : array_like, shape (events,)
    channels : array_like of int, shape (events,)
    chip : Chip
        Whose ticks they become: an event is in the tick in which its time lies.
    time_unit : {"s", "ms", "us", "ns"}
        Unit of `times`.

    Returns
    -------
    ndarray of int64, shape (events, 3)
        Tick, channel and 1, in the order of the ticks.

    Raises
    ------
    ValueError
        Lengths differ, channels are no integers, or a time is none.
    """
    when, where = np.asarray(times), np.asarray(channels)
    if when.ndim != 1 or when.shape != where.shape:
        raise ValueError(f"times have {shape_of(when)} and channels {shape_of(where)}; both have the shape (events,)")
    if where.size and not np.issubdtype(where.dtype, np.integer):
        raise ValueError(f"channels have dtype {where.dtype}; they are integers")
    ticks = to_ticks(when, time_unit, chip)
    order = np.argsort(ticks, kind="stable")
    return np.stack([ticks, where.astype(np.int64), np.ones_like(ticks)], axis=1)[order]


def events_from_tonic(
    record: npt.NDArray[Any],
    chip: _native.Chip,
    *,
    sensor_size: tuple[int, ...],
    time_unit: str = "us",
) -> npt.NDArray[np.int64]:
    """Events of a recording as tonic has them.

    Parameters
    ----------
    record : structured ndarray
        Fields ``x``, ``y``, ``p`` and ``t`` in any order; a sensor without rows or polarities needs no ``y`` or ``p``.
    chip : Chip
        Whose ticks they become.
    sensor_size : tuple of int
        Columns, rows and polarities, as ``dataset.sensor_size`` says.
    time_unit : {"s", "ms", "us", "ns"}
        Unit of ``t``.

    Returns
    -------
    ndarray of int64, shape (events, 3)
        Tick, channel and 1. The channel is p x rows x columns + y x columns + x, as the command has it
        (docs/formats/sensors.md).

    Raises
    ------
    ValueError
        A field is missing, or an event is outside the sensor.
    """
    names = record.dtype.names or ()
    size = (*sensor_size, 1, 1)[:3]
    missing = [name for name, length in zip("xyp", size) if name not in names and length > 1]
    if "t" not in names or "x" not in names or missing:
        need = ", ".join(f"`{name}`" for name in ["x", "t", *missing])
        raise ValueError(f"a recording has the fields {names}; one of a sensor of size {tuple(sensor_size)} needs {need}")
    columns, rows, _ = size
    channel = np.zeros(len(record), dtype=np.int64)
    for name, length, stride in zip("xyp", size, (1, columns, rows * columns)):
        if name not in names:
            continue
        values = record[name].astype(np.int64)
        wrong = np.flatnonzero((values < 0) | (values >= length))
        if len(wrong):
            at = int(wrong[0])
            raise ValueError(f"event {at}: its {name} is {values[at]}, and the sensor has {length} (sensor_size {tuple(sensor_size)})")
        channel += values * stride
    return events_from_times(record["t"], channel, chip, time_unit=time_unit)


def as_events(events: Events | None) -> npt.NDArray[np.int64]:
    """Tick, channel and payload of each event; what is no list of events is refused with what it is."""
    if events is None:
        return np.zeros((0, 3), dtype=np.int64)
    given = np.asarray(events)
    if given.dtype.names is not None:
        if {"x", "t"} <= set(given.dtype.names):
            if "channel" not in given.dtype.names and "tick" not in given.dtype.names:
                raise ValueError(
                    f"events have the fields {given.dtype.names}, as recordings have them; `events_from_tonic(record,"
                    " chip, sensor_size=...)` makes events with `tick`, `channel` of them"
                )
        names = [name for name in ("tick", "channel", "payload") if name in given.dtype.names]
        if names[:2] != ["tick", "channel"]:
            raise ValueError(f"events have the fields {given.dtype.names}; they have `tick`, `channel` and, if need be, `payload`")
        given = np.stack([given[name] for name in names], axis=-1)
    if given.size == 0:
        return np.zeros((0, 3), dtype=np.int64)
    if given.ndim != 2 or given.shape[1] not in (2, 3) or not np.issubdtype(given.dtype, np.integer):
        raise ValueError(
            f"events have the {shape_of(given)}; they have the shape (events, 2) or (events, 3),"
            " tick, channel and number of spikes, and are integers: `events_from_counts` makes them of dense counts"
        )
    if given.shape[1] == 2:
        given = np.concatenate([given, np.ones((len(given), 1), dtype=given.dtype)], axis=1)
    return np.ascontiguousarray(given, dtype=np.int64)
