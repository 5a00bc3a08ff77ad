"""Graphs of trained nets (NIR), in and out, as files and in memory."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from . import _native
from ._builder import Network
from ._optional import need


def _bytes(source: Any) -> tuple[bytes, str]:
    """The file that `source` is or becomes, and what errors call it."""
    if isinstance(source, (str, PathLike)):
        path = fspath(source)
        try:
            return Path(path).read_bytes(), str(path)
        except OSError as error:
            wrong = _native.FileError(f"{path}: {error.strerror}")
            wrong.errors = [{"file": str(path), "line": None, "column": None, "message": error.strerror, "help": None}]
            raise wrong from error
    if isinstance(source, bytes):
        return source, "NIR"
    if hasattr(source, "nodes") and hasattr(source, "edges"):
        nir = need("nir", "a graph in memory")
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "graph.nir"
            nir.write(str(path), source)
            return path.read_bytes(), "NIRGraph"
    raise ValueError(f"a graph is a path, the bytes of a file, or a nir.NIRGraph, not a {type(source).__name__}")


def from_nir(
    source: Any,
    chip: _native.Chip,
    *,
    like: str = "euler",
    dt: float | None = None,
    reset: str | None = None,
    rules: Sequence[str] = (),
    late: str | None = None,
    late_edges: Sequence[tuple[str, str]] | None = None,
    step_time: float | None = None,
    numbers: bool = False,
) -> Network:
    """A network of a trained net in the Neuromorphic Intermediate Representation.

    Parameters
    ----------
    source : path, bytes or nir.NIRGraph
        A file, its bytes, or a graph in memory, which needs the package nir.
    chip : Chip
    like : str
        The simulator whose rules the graph is run by: "snntorch", "norse", "sinabs", "spikingjelly", "rockpool",
        "spyx", "lava", "xylo", "euler" or "exact".
    dt : float, optional
        Length of a step in seconds, as the file counts time; that of the simulator if not given.
    reset : str, optional
        "subtract", "zero" or "value": what becomes of the voltage of a neuron that has spiked; the rule ``reset=...``.
    rules : sequence of str
        Fields of the rules for all nodes, or for one: ``"reset=zero"``, ``"lif1.reset-when=next"``.
    late : str, optional
        "into" or "out-of": which edge of a loop is late by a step.
    late_edges : sequence of (str, str), optional
        The edges that are late, by the names of their ends.
    step_time : float, optional
        Seconds of a step on a chip with a clock of its own.
    numbers : bool
        Inputs send numbers and not spikes.

    Returns
    -------
    Network
        Its `notes` say what the chip does not do as the graph says.

    Raises
    ------
    FileError
        The file is damaged, or the graph cannot be what is asked of it.
    UnknownNameError
        There is no such simulator.
    ImportError
        The graph is in memory, and nir is not installed.
    """
    data, name = _bytes(source)
    asked = [*([] if reset is None else [f"reset={reset}"]), *rules]
    made = _native.from_nir(
        data,
        name,
        chip,
        like=like,
        dt=dt,
        rules=asked,
        step_time=step_time,
        numbers=numbers,
        late=late,
        late_edges=None if late_edges is None else [(str(a), str(b)) for a, b in late_edges],
    )
    return Network._of(made)


class HeldGraph:
    """The graph of a trained net with the weights that a chip holds.

    Attributes
    ----------
    data : bytes
        The NIR file.
    options : list of str
        By which arguments of the command it is to be read (``--dt``, ``--rule``); none: by those that its graph was
        read by.
    unsaid : list of str
        What the chip does and the file does not say.
    """

    __slots__ = ("data", "options", "unsaid")

    def __init__(self, data: bytes, options: list[str], unsaid: list[str]) -> None:
        self.data, self.options, self.unsaid = data, options, unsaid

    def save(self, path: str | PathLike[str]) -> None:
        """Write the file."""
        Path(path).write_bytes(self.data)

    def graph(self) -> Any:
        """The graph as ``nir.NIRGraph``; needs the package nir."""
        nir = need("nir", "a graph in memory")
        return nir.read(io.BytesIO(self.data))

    def __repr__(self) -> str:
        return f"HeldGraph({len(self.data)} bytes{', read with ' + ' '.join(self.options) if self.options else ''})"


def to_nir(program: _native.Program, path: str | PathLike[str] | None = None) -> HeldGraph:
    """What a chip holds of the graph that a program was made of, for the tool that the graph came from.

    Parameters
    ----------
    program : Program
        Of a network that :func:`from_nir` made.
    path : path, optional
        Where to write the NIR file, too.

    Returns
    -------
    HeldGraph
        Its file, and how it is to be read; ``.graph()`` is a ``nir.NIRGraph``.

    Raises
    ------
    ValueError
        The program was made of no graph, or read from a file.
    FileError
        The program does what a graph has no word for, such as delays.
    """
    held = HeldGraph(*program._nir())
    if path is not None:
        held.save(path)
    return held
