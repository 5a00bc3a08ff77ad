"""Words of errors."""

from __future__ import annotations

from collections.abc import Iterable

from ._native import UnknownNameError, suggestion


def did_you_mean(name: str, known: Iterable[str], otherwise: str) -> str:
    """``did you mean `x`?``, or the list of all that there are."""
    return suggestion(name, list(known), otherwise) or "there are none"


def shape_of(array: object) -> str:
    """Shape and dtype of what was given, in words."""
    shape, dtype = getattr(array, "shape", None), getattr(array, "dtype", None)
    return type(array).__name__ if shape is None else f"shape {tuple(shape)} and dtype {dtype}"


def unknown(what: str, name: str, known: Iterable[str]) -> UnknownNameError:
    """That there is no `what` of this name, with its fields."""
    names = list(known)
    error = UnknownNameError(f"there is no {what} `{name}`; {did_you_mean(name, names, 'there are')}")
    error.name, error.known = name, names
    return error
