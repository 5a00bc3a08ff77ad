"""Mapping: networks onto chips, and what became of them."""

from __future__ import annotations

import json
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from . import _native
from ._builder import Network
from ._optional import extends


def map(
    network: _native.Network | Network,
    chip: _native.Chip | None = None,
    *,
    die: _native.Die | None = None,
    **options: str | bool | float,
) -> _native.Program:
    """Map a network onto a chip, as a program with its report.

    Parameters
    ----------
    network : Network
    chip : Chip, optional
        The chip that it was read or built for, if it is to be named; it is mapped onto no other.
    die : Die, optional
        The die that the mapping is for: broken circuits stay empty, slow neurons get slow circuits, codes are chosen
        for their slots. The mapping is for any die if not given.
    **options
        As the table ``[mapping]`` of a network file (docs/formats/network.md): ``over_full="prune"``,
        ``placement="optimised"``, ``max_weight_error=0.05``, ...

    Returns
    -------
    Program

    Raises
    ------
    MappingError
        The chip cannot hold the network; `resource`, `needed`, `limit` and `where` say which limit is met, `ways_out`
        what can be done about it.
    FileError
        Something is wrong with a network that was built by hand.
    ValueError
        There is no such option, it has no such value, or the network is for another chip.
    """
    wish = network.build() if isinstance(network, Network) else network
    if chip is not None and chip.name != wish.chip.name:
        raise ValueError(
            f"the network was made for chip `{wish.chip.name}`, and is to be mapped onto `{chip.name}`: names and units of"
            " a network are those of its chip, so make it for the other one"
        )
    if die is not None and die.chip.name != wish.chip.name:
        raise ValueError(f"the network was made for chip `{wish.chip.name}`, and the die is of `{die.chip.name}`")
    return _native.map(wish, options, die)


@extends(_native.Program)
def weights(
    self: _native.Program, pre: str, post: str
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """What was wished for from one end to another, and what the chip holds of it.

    Parameters
    ----------
    pre : str
        A population or an input.
    post : str
        A population.

    Returns
    -------
    wished, held : ndarray of float64, shape (post, pre)
        Weights in what counts as 1 on the chip: parts of the threshold, or its unit. Several connections of two neurons
        are added.

    Raises
    ------
    UnknownNameError
        There is no such population.
    ValueError
        The program was read from a file, which does not hold what was wished for.
    """
    sizes = dict((*self.inputs, *self.populations))
    dense = []
    for senders, receivers, values in self._weights(pre, post):
        matrix = np.zeros((sizes[post], sizes[pre]))
        np.add.at(matrix, (receivers.astype(np.int64), senders.astype(np.int64)), values)
        dense.append(matrix)
    return dense[0], dense[1]


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
