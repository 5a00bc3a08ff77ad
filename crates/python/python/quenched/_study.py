"""Studies and their results as tables."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from html import escape
from os import PathLike
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from . import _native
from ._frames import Table
from ._html import box, warning_lines
from ._optional import need
from ._run import progress_bar

#: Columns by name: floats where every cell is a number or empty (NaN), else text.
Columns = dict[str, npt.NDArray[Any]]


def _table(text: str | None) -> Columns | None:
    if text is None:
        return None
    head, *rows = csv.reader(io.StringIO(text))
    table: Columns = {}
    for name, cells in zip(head, zip(*rows)):
        try:
            table[name] = np.array([float(cell) if cell else np.nan for cell in cells])
        except ValueError:
            table[name] = np.array(cells)
    return table


class StudyResults:
    """What a study found: tables, findings with their intervals, and the page.

    Attributes
    ----------
    rows : dict of str to ndarray
        A row a run and task, as `results.csv` has it (docs/formats/results.md).
    controls, tuning : dict of str to ndarray, or None
        The same of the controls and of the settings that the homogeneous network was tuned over.
    findings : dict of str to list of str
        By task, sentences with intervals and n.
    warnings : list of str
        What is not as the study asks for.
    manifest : dict
        Everything that the results depend on, with digests.
    text : str
        The table that the command prints.
    """

    __slots__ = ("_native", "controls", "findings", "manifest", "rows", "text", "tuning", "warnings")

    def __init__(self, native: _native.Results) -> None:
        self._native = native
        rows, controls, tuning = native.tables
        self.rows = cast(Columns, _table(rows))
        self.controls = _table(controls)
        self.tuning = _table(tuning)
        self.findings = dict(native.findings)
        self.warnings = native.warnings
        self.manifest: dict[str, Any] = json.loads(native.manifest)
        self.text = native.text

    @property
    def csv(self) -> str:
        """`results.csv`, byte for byte."""
        return self._native.tables[0]

    def page(self, path: str | PathLike[str]) -> None:
        """Write the page, which needs nothing but a browser."""
        Path(path).write_text(self._native.page(), encoding="utf-8")

    def to_frame(self) -> Any:
        """The rows as a DataFrame of pandas, which must be installed."""
        return need("pandas", "a DataFrame").DataFrame(self.rows)

    def to_table(self) -> Table:
        """The rows as a table, which has frames of pandas and polars."""
        return Table(self.rows)

    def _repr_html_(self) -> str:
        title = str(self.manifest.get("title", ""))
        findings = "".join(
            f"<b>{escape(task)}</b><ul>" + "".join(f"<li>{escape(text)}</li>" for text in texts) + "</ul>"
            for task, texts in self.findings.items()
        )
        return box(
            f"<b>{escape(title)}</b> <span class='dim'>{len(next(iter(self.rows.values()), ()))} rows</span>",
            f"<div>findings</div>{findings}",
            f"<pre>{escape(self.text)}</pre>",
            warning_lines(self.warnings),
        )

    def __repr__(self) -> str:
        return self.text


class Study:
    """A study: one question, asked of many networks and dies.

    Parameters
    ----------
    study : path
        Name of a shipped study (see :meth:`names`), or path of a study file.
    set : mapping of str to object, optional
        Other values for keys of the file, as the command's ``--set``: ``{"dies": 8, "readout.filter": "50 ms"}``.

    Raises
    ------
    FileError
        There is no such study, or something is wrong with the file; `errors` has every line and column.
    """

    __slots__ = ("_native",)

    def __init__(self, study: str | PathLike[str], *, set: Mapping[str, object] | None = None) -> None:
        self._native = _native.Study(study, set=_sets(set))

    @classmethod
    def _of(cls, native: _native.Study) -> Study:
        study = cls.__new__(cls)
        study._native = native
        return study

    @classmethod
    def from_toml(
        cls,
        text: str,
        *,
        set: Mapping[str, object] | None = None,
        directory: str | PathLike[str] = "",
        name: str = "study",
    ) -> Study:
        """The study that a text describes, as a study file does; files that it names lie in `directory`, and errors
        call the text `name`."""
        return cls._of(_native.Study.from_toml(text, set=_sets(set), directory=directory, name=name))

    @staticmethod
    def names() -> list[str]:
        """The names of the shipped studies."""
        return _native.Study.names()

    @property
    def title(self) -> str:
        """Its title."""
        return self._native.title

    @property
    def runs(self) -> int:
        """How many runs it has."""
        return self._native.runs

    def quick(self) -> Study:
        """A smaller version that says the same with less certainty: one network of two dies, fewer settings and
        samples."""
        return self._of(self._native.quick())

    def run(
        self, *, threads: int | None = None, progress: bool | Callable[[int, int], None] = False
    ) -> StudyResults:
        """Run it; the results are the same for any number of threads.

        Parameters
        ----------
        threads : int, optional
            Threads; one a processor if not given.
        progress : bool or callable
            True: a bar of tqdm, if it is installed. A callable is given the number of runs that are done and of all.

        Returns
        -------
        StudyResults

        Raises
        ------
        RunError
            A network does not fit the chip, or a score cannot be had.
        KeyboardInterrupt
            Ctrl-C, after the runs that are under way.
        """
        tell = progress_bar(progress, self.runs, "run")
        return StudyResults(self._native.run(threads, tell))

    def __repr__(self) -> str:
        return repr(self._native)


def _sets(values: Mapping[str, object] | None) -> list[tuple[str, str]]:
    def text(value: object) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        return json.dumps(value) if isinstance(value, (list, tuple)) else str(value)

    return [(key, text(value)) for key, value in (values or {}).items()]
