"""Columns by name, as tables of pandas or polars."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ._optional import need
from ._words import unknown

#: Columns of a table by name, all of one length.
Columns = dict[str, npt.NDArray[Any]]


def to_pandas(columns: Mapping[str, npt.NDArray[Any]]) -> Any:
    """The columns as a ``pandas.DataFrame``."""
    return need("pandas", "a DataFrame").DataFrame(dict(columns))


def to_polars(columns: Mapping[str, npt.NDArray[Any]]) -> Any:
    """The columns as a ``polars.DataFrame``."""
    polars = need("polars", "a DataFrame of polars")
    # Texts are Python objects to numpy, which polars takes as lists.
    plain = {name: column.tolist() if column.dtype.kind in "OU" else column for name, column in columns.items()}
    return polars.DataFrame(plain)


class Table:
    """Columns by name: ``table["accuracy"]`` is an array, :meth:`to_pandas` and :meth:`to_polars` are frames.

    Parameters
    ----------
    columns : mapping of str to ndarray
        All of one length.
    """

    __slots__ = ("_columns",)

    def __init__(self, columns: Mapping[str, npt.NDArray[Any]]) -> None:
        self._columns = dict(columns)

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return list(self._columns)

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        if name not in self._columns:
            raise unknown("column", name, self._columns)
        return self._columns[name]

    def __len__(self) -> int:
        return len(next(iter(self._columns.values()), ()))

    def where(self, **values: object) -> Table:
        """The rows with these values: ``table.where(die=3)``."""
        keep = np.ones(len(self), dtype=bool)
        for name, value in values.items():
            keep &= np.asarray(self[name] == value)
        return Table({name: column[keep] for name, column in self._columns.items()})

    def to_dict(self) -> Columns:
        """The columns by name."""
        return dict(self._columns)

    def to_pandas(self) -> Any:
        """A ``pandas.DataFrame``; needs pandas."""
        return to_pandas(self._columns)

    def to_polars(self) -> Any:
        """A ``polars.DataFrame``; needs polars."""
        return to_polars(self._columns)

    def _cells(self) -> list[list[str]]:
        def text(value: Any) -> str:
            return f"{value:.4g}" if isinstance(value, (float, np.floating)) else str(value)

        return [[text(value) for value in row] for row in zip(*self._columns.values())]

    def __repr__(self) -> str:
        rows = [self.columns, *self._cells()]
        if len(rows) > 61:
            rows = [*rows[:61], [f"... {len(self)} rows"]]
        widths = [max(len(row[index]) for row in rows if index < len(row)) for index in range(len(self.columns))]
        return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(row, widths)) for row in rows)

    def _repr_html_(self) -> str:
        from ._html import table

        return table(self.columns, self._cells())
