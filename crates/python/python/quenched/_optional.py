"""Packages that are not needed to begin with, asked for when they are."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])


def need(package: str, what: str) -> Any:
    """The module `package`, or an ImportError that says what wants it and how it is had."""
    try:
        return import_module(package)
    except ImportError as error:
        name = package.split(".")[0]
        known = {"sklearn": "scikit-learn"}
        raise ImportError(f"{what} needs the package `{name}`: pip install {known.get(name, name)}") from error


def extends(owner: type[Any]) -> Callable[[Function], Function]:
    """Makes a function a method of a class of the native module: what is pleasant for Python is written in Python."""

    def add(function: Function) -> Function:
        setattr(owner, function.__name__, function)
        return function

    return add
