"""Chips and dies: other numbers, measured dies, tables and pictures."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ._frames import Columns, Table
from ._native import Chip, Die
from ._optional import extends, need
from ._words import shape_of, unknown


@dataclass(frozen=True)
class Mismatch:
    """Mismatch of a parameter, for :meth:`Chip.replace`.

    Parameters
    ----------
    cv : float
        Coefficient of variation, standard deviation over mean.
    family : str, optional
        "normal", "log-normal", "gamma", "uniform", "mirrored-log-normal" or "two-point"; that of the chip file, or
        log-normal, if not given.
    """

    cv: float
    family: str | None = None


@extends(Chip)
def replace(self: Chip, **changes: str | float | Mismatch | None) -> Chip:
    """The chip with other numbers of some parameters; everything else is as it was.

    Parameters
    ----------
    **changes
        By parameter, or ``weights``: a :class:`Mismatch`, a number (its CV), None (no mismatch), or a text with a unit,
        which is another nominal value.

    Returns
    -------
    Chip

    Raises
    ------
    UnknownNameError
        The chip has no such parameter, or mismatch no such family.
    ValueError
        The chip cannot have such a number.

    Examples
    --------
    >>> import quenched as q
    >>> chip = q.Chip("dynapse2").replace(tau_mem="25 ms", v_threshold=q.Mismatch(0.2, "gamma"), weights=None)
    >>> chip.parameters["tau_mem"]["value"], chip.parameters["v_threshold"]["cv"]
    (25.0, 0.2)
    """
    asked: list[tuple[str, str | tuple[str | None, float] | None]] = []
    for name, change in changes.items():
        if isinstance(change, Mismatch):
            asked.append((name, (change.family, float(change.cv))))
        elif change is None or isinstance(change, str):
            asked.append((name, change))
        elif isinstance(change, (int, float)) and not isinstance(change, bool):
            asked.append((name, (None, float(change))))
        else:
            raise ValueError(
                f"`{name}` is a {type(change).__name__}; it is a Mismatch, a CV, a value with its unit such as"
                ' "20 ms", or None for no mismatch'
            )
    return self._replace(asked)


@extends(Chip)
def die_from(
    self: Chip,
    values: Mapping[str, npt.ArrayLike] | None = None,
    *,
    factors: Mapping[str, npt.ArrayLike] | None = None,
    faults: npt.ArrayLike | None = None,
    seed: int = 1,
) -> Die:
    """A die as somebody has measured it.

    Parameters
    ----------
    values : mapping of str to array_like, optional
        By parameter its measured values in the unit of the chip, shape (cores, neurons), or (chips, cores, neurons) of
        a board. NaN: not measured, which is nominal.
    factors : mapping of str to array_like, optional
        The same relative to the nominal value.
    faults : array_like, optional
        Broken circuits, of the same shape: 0 whole, 1 dead, 2 hot.
    seed : int
        Root of the noise of its runs.

    Returns
    -------
    Die
        What was not measured is nominal.

    Raises
    ------
    UnknownNameError
        The chip has no such parameter.
    ValueError
        An array has another shape, or a number is none.
    """
    chips, cores, neurons = self.shape
    parameters = self.parameters

    def circuits(name: str, given: npt.ArrayLike) -> npt.NDArray[Any]:
        array = np.asarray(given)
        if array.shape not in ((cores, neurons), (chips, cores, neurons)) or array.dtype.kind not in "fiub":
            of_board = f" or ({chips}, {cores}, {neurons})" if chips > 1 else ""
            raise ValueError(
                f"`{name}` has {shape_of(array)}; of chip `{self.name}` it has the shape ({cores}, {neurons}){of_board},"
                " (cores, neurons), and is numbers"
            )
        return array.reshape(-1, cores, neurons)

    def known(name: str) -> float:
        if name not in parameters:
            raise unknown("parameter", name, parameters)
        return float(parameters[name]["value"])

    arrays: dict[str, npt.NDArray[Any]] = {}
    for name, given in (factors or {}).items():
        known(name)
        arrays[name] = circuits(name, given).astype(np.float64)
    for name, given in (values or {}).items():
        nominal = known(name)
        if name in arrays:
            raise ValueError(f"`{name}` is given as values and as factors; give one of them")
        if nominal == 0:
            raise ValueError(f"`{name}` is nominally 0, of which nothing is a multiple: it has no factors")
        arrays[name] = circuits(name, given) / nominal
    if faults is not None:
        broken = circuits("faults", faults)
        if not np.isin(broken, (0, 1, 2)).all():
            raise ValueError("`faults` are 0 (whole), 1 (dead) or 2 (hot)")
        arrays["fault"] = broken.astype(np.uint8)
    boards = {len(array) for array in arrays.values()}
    if len(boards) > 1:
        raise ValueError("some arrays are of one chip and others of all chips of the board; give all in one form")
    chip, core, neuron = np.indices((boards.pop() if boards else 1, cores, neurons), dtype=np.uint16).reshape(3, -1)
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "measured.npz"
        columns: dict[str, Any] = {name: array.reshape(-1) for name, array in arrays.items()}
        np.savez(path, chip=chip, core=core, neuron=neuron, **columns)
        return self.load_die(path, seed=seed)


@extends(Die)
def to_table(self: Die, *names: str) -> Table:
    """The values of parameters by circuit of its first chip.

    Parameters
    ----------
    *names : str
        Parameters; those that differ between circuits if none is given.

    Returns
    -------
    Table
        Columns core, neuron, and one a parameter, in the unit of the chip file.

    Raises
    ------
    UnknownNameError
        The chip has no such parameter.
    """
    _, cores, neurons = self.chip.shape
    core, neuron = np.indices((cores, neurons)).reshape(2, -1)
    columns: Columns = {"core": core, "neuron": neuron}
    for name in names or self.mismatched:
        columns[name] = self[name].reshape(-1)
    return Table(columns)


@extends(Die)
def to_frame(self: Die, *names: str) -> Any:
    """The same as a DataFrame of pandas, which must be installed."""
    return self.to_table(*names).to_pandas()


@extends(Die)
def plot(self: Die, name: str, ax: Any = None) -> Any:
    """Draw the floor plan of its first chip, coloured by a parameter, into matplotlib axes, and return them.

    Parameters
    ----------
    name : str
        The parameter.
    ax : matplotlib.axes.Axes, optional
        New ones if not given.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    UnknownNameError
        The chip has no such parameter.
    ImportError
        Matplotlib is not installed.
    """
    from ._html import floor

    values = self[name]
    plt = need("matplotlib.pyplot", "a plot")
    if ax is None:
        _, ax = plt.subplots()
    plan, edges = floor(values)
    image = ax.imshow(np.ma.masked_invalid(plan), cmap="viridis", interpolation="nearest")
    for x, y, width, height in edges:
        ax.add_patch(plt.Rectangle((x - 0.5, y - 0.5), width, height, fill=False, edgecolor="black", linewidth=1))
    unit = self.unit(name)
    ax.figure.colorbar(image, ax=ax, label=name if unit == "1" else f"{name} ({unit})")
    ax.set(xticks=[], yticks=[], title=f"{self!r}")
    return ax
