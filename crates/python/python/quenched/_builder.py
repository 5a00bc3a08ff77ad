"""Networks: by hand, from files, and what is asked of them."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from . import _native
from ._words import shape_of, unknown

#: A value with its unit ("20 ms"), or a number in the unit that is meant.
Value = str | float


@dataclass(frozen=True)
class Law:
    """What a number of each connection or neuron is drawn from; made by :func:`normal` and :func:`uniform`."""

    first: float
    second: float
    keys: tuple[str, str]

    def _toml(self, unit: str) -> str:
        one, two = (f"{key} = {_quantity(value, unit)}" for key, value in zip(self.keys, (self.first, self.second)))
        return f"{{ {one}, {two} }}"


def normal(mean: float, deviation: float) -> Law:
    """A normal law, for weights, delays and parameters of a :class:`Network`.

    Parameters
    ----------
    mean, deviation : float
        In the unit of what is drawn.
    """
    return Law(float(mean), float(deviation), ("mean", "deviation"))


def uniform(low: float, high: float) -> Law:
    """A uniform law, for weights, delays and parameters of a :class:`Network`.

    Parameters
    ----------
    low, high : float
        In the unit of what is drawn.
    """
    return Law(float(low), float(high), ("low", "high"))


def _quantity(value: Value, unit: str) -> str:
    """A quantity as a file spells it."""
    if isinstance(value, str):
        return json.dumps(value)
    if not np.isfinite(value):
        raise ValueError(f"{value} is no number that a network can have")
    return json.dumps(f"{float(value)!r} {unit}")


@dataclass(frozen=True)
class Group:
    """A population or an input of a network, or a part of one: ``e[3]`` is a neuron, ``e[0:40]`` the first forty."""

    name: str
    size: int
    first: int = 0
    whole: bool = True

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, part: int | slice) -> Group:
        if isinstance(part, slice):
            start, stop, step = part.indices(self.size)
            if step != 1 or stop <= start:
                raise ValueError(f"a part of `{self.name}` is some neurons behind each other, such as [0:{self.size}]")
        else:
            start = part + self.size if part < 0 else part
            stop = start + 1
            if not 0 <= start < self.size:
                raise IndexError(f"`{self.name}` has {self.size} members, and no number {part}")
        return Group(self.name, stop - start, self.first + start, False)

    def _toml(self) -> str:
        part = "" if self.whole else f"[{self.first}..{self.first + self.size}]"
        return json.dumps(self.name + part)


class Network:
    """A network as it is wished for: populations, inputs, and connections between them.

    Parameters
    ----------
    chip : Chip
        Whose names and units it uses.
    seed : int
        Root of all that is drawn.

    Notes
    -----
    :meth:`load`, :meth:`from_toml`, :meth:`from_case` and :func:`from_nir` read networks; :meth:`save` writes one that
    was built by hand as a network file, which the command takes. A network is mapped by :func:`map`.

    Examples
    --------
    >>> import numpy as np
    >>> import quenched as q
    >>> net = q.Network(q.Chip("dynapse2"), seed=3)
    >>> x = net.input("in", 10, poisson="100 Hz")
    >>> e = net.population("E", 40, tau_mem="20 ms")
    >>> i = net.population("I", 12)
    >>> net.connect(x, e, weights=np.full((40, 10), 0.3))
    >>> net.connect(e, i, weight=q.uniform(0.1, 0.3), prob=0.2)
    >>> net.connect(i, e, weight=-0.2, fan_in=4)
    >>> q.run(q.map(net), net.chip.die(3, cv=0.2), duration="50 ms").counts("I").shape
    (12,)
    """

    __slots__ = ("_blocks", "_chip", "_files", "_groups", "_inputs", "_made", "_projections", "_seed")

    def __init__(self, chip: _native.Chip, *, seed: int = 0) -> None:
        if not isinstance(chip, _native.Chip):
            raise ValueError(f"a network is built for a chip, such as q.Chip(\"dynapse2\"), not for a {type(chip).__name__}")
        self._chip = chip
        self._seed = int(seed)
        self._blocks: list[str] = []
        self._files: dict[str, str] = {}
        self._groups: dict[str, Group] = {}
        self._inputs: set[str] = set()
        self._projections: dict[str, None] = {}
        self._made: _native.Network | None = None

    @classmethod
    def _of(cls, made: _native.Network) -> Network:
        network = cls(made.chip)
        network._made = made
        return network

    @classmethod
    def load(cls, path: str | PathLike[str], chip: _native.Chip) -> Network:
        """The network of a file.

        Parameters
        ----------
        path : path
        chip : Chip
            Whose names and units it uses.

        Raises
        ------
        FileError
            Something is wrong with the file; `errors` has every line and column.
        """
        return cls._of(_native.Network.load(path, chip))

    @classmethod
    def from_toml(
        cls, text: str, chip: _native.Chip, *, directory: str | PathLike[str] = "", name: str = "network"
    ) -> Network:
        """The network that a text describes, as a network file does.

        Parameters
        ----------
        text : str
        chip : Chip
            Whose names and units it uses.
        directory : path
            Where the files lie that it names.
        name : str
            What errors call the text.

        Raises
        ------
        FileError
            Something is wrong with the text.
        """
        return cls._of(_native.Network.from_toml(text, chip, directory=directory, name=name))

    @classmethod
    def from_case(cls, path: str | PathLike[str], chip: _native.Chip) -> Network:
        """The network of a golden case (docs/formats/golden.md): a recording of another simulator.

        Parameters
        ----------
        path : path
            Its description, ``CASE.json``; the arrays lie beside it.
        chip : Chip

        Returns
        -------
        Network
            :attr:`recorded` has the input that was recorded with it.

        Raises
        ------
        FileError
            It is no golden case, is damaged, or cannot be a network of this chip.
        """
        return cls._of(_native.Network.from_case(path, chip))

    @property
    def chip(self) -> _native.Chip:
        """The chip that it is for."""
        return self._chip

    @property
    def populations(self) -> list[tuple[str, int]]:
        """Names and sizes of its populations."""
        if self._made is not None:
            return self._made.populations
        return [(group.name, group.size) for group in self._groups.values() if group.name not in self._inputs]

    @property
    def inputs(self) -> list[tuple[str, int]]:
        """Names and channels of its inputs; channels are numbered through all of them."""
        if self._made is not None:
            return self._made.inputs
        return [(group.name, group.size) for group in self._groups.values() if group.name in self._inputs]

    @property
    def connections(self) -> int:
        """How many connections it has."""
        return self.build().connections

    @property
    def notes(self) -> list[str]:
        """What the chip does not do as the graph or recording says, a sentence each."""
        return [] if self._made is None else self._made.notes

    @property
    def recorded(self) -> tuple[int, npt.NDArray[np.int64]] | None:
        """What was recorded with a golden case: its steps, and its events, shape (events, 3)."""
        return None if self._made is None else self._made.recorded

    def _open(self) -> None:
        if self._made is not None:
            raise ValueError("a network that was read is as it is: build one with Network(chip)")

    def _add(self, name: str, size: int) -> Group:
        self._open()
        if name in self._groups:
            raise ValueError(f"there is a population or input `{name}` already; names are unique")
        if isinstance(size, bool) or not isinstance(size, (int, np.integer)) or size < 1:
            raise ValueError(f"`{name}` has the size {size!r}; it has 1 member or more")
        group = Group(name, int(size))
        self._groups[name] = group
        return group

    def input(
        self,
        name: str,
        channels: int,
        *,
        poisson: Value | Sequence[float] | Law | None = None,
        regular: Value | Sequence[float] | Law | None = None,
    ) -> Group:
        """Add input channels.

        Parameters
        ----------
        name : str
        channels : int
        poisson, regular : str, float, sequence of float or Law, optional
            They send by themselves, at random or regularly, at this rate, as ``"20 Hz"`` or in Hz.

        Returns
        -------
        Group

        Raises
        ------
        ValueError
            The name is taken, or there is no channel.
        """
        if poisson is not None and regular is not None:
            raise ValueError(f"the source of `{name}` is `poisson` or `regular`, not both")
        group = self._add(name, channels)
        self._inputs.add(name)
        lines = ["[[input]]", f"name = {json.dumps(name)}", f"channels = {group.size}"]
        for key, rate in (("poisson", poisson), ("regular", regular)):
            if rate is not None:
                lines.append(f"source = {{ {key} = {_values(rate, 'Hz', group.size, key)} }}")
        self._blocks.append("\n".join(lines))
        return group

    def population(
        self, name: str, size: int, *, model: str | None = None, **parameters: Value | npt.ArrayLike | Law
    ) -> Group:
        """Add neurons.

        Parameters
        ----------
        name : str
        size : int
        model : str, optional
            Core model; the first of the chip if not given.
        **parameters
            What differs from nominal: a text with its unit, a number in the unit of the chip, one for each neuron, or a
            law.

        Returns
        -------
        Group

        Raises
        ------
        UnknownNameError
            The chip has no such model or parameter.
        ValueError
            The name is taken, there is no neuron, or a parameter has another number of values.
        """
        if model is not None and model not in self._chip.models:
            raise unknown("core model", model, self._chip.models)
        known = self._chip.parameters
        for parameter in parameters:
            if parameter not in known:
                raise unknown("parameter", parameter, known)
        group = self._add(name, size)
        lines = ["[[population]]", f"name = {json.dumps(name)}", f"size = {group.size}"]
        if model is not None:
            lines.append(f"model = {json.dumps(model)}")
        if parameters:
            values = ", ".join(
                f"{json.dumps(key)} = {_values(value, known[key]['unit'], group.size, key)}"
                for key, value in parameters.items()
            )
            lines.append(f"parameters = {{ {values} }}")
        self._blocks.append("\n".join(lines))
        return group

    def connect(
        self,
        pre: Group | str,
        post: Group | str,
        *,
        weights: Any = None,
        weight: Value | Law | None = None,
        unit: str = "threshold",
        prob: float | None = None,
        fan_in: int | None = None,
        one_to_one: bool = False,
        delay: Value | Law | None = None,
        synapse: str | Mapping[str, str] | None = None,
        inhibitory: float | None = None,
        self_connections: bool = False,
        name: str | None = None,
    ) -> None:
        """Connect two groups.

        Parameters
        ----------
        pre, post : Group or str
            Where connections start and end.
        weights : array_like or scipy sparse matrix, shape (post, pre), optional
            A weight for each connection; where it is 0 there is none.
        weight : str, float or Law, optional
            In place of `weights`, the weight of all, or what each is drawn from.
        unit : str
            Of weights: "threshold" (parts of the threshold of the receivers), or a unit of the chip, such as "mV" or "1".
        prob, fan_in, one_to_one : float, int, bool
            Whom `weight` joins: each pair with this probability, each neuron with so many senders, or each with its own;
            all with all if none is given.
        delay : str, float or Law, optional
            A text with its unit, or ticks.
        synapse : str or mapping, optional
            A kind of the chip, or one for each sign: ``{"excitatory": "AMPA", "inhibitory": "GABA"}``. Those of the chip if not
            given.
        inhibitory : float, optional
            Share of the senders that inhibit.
        self_connections : bool
            Whether a neuron may hear itself, where connections are drawn.
        name : str, optional
            ``PRE->POST`` if not given; it also selects what is drawn.

        Raises
        ------
        UnknownNameError
            There is no such group.
        ValueError
            Weights have another shape, or what is asked for contradicts itself.
        """
        self._open()
        start, end = self._group(pre), self._group(post)
        if end.name in self._inputs:
            raise ValueError(f"`{end.name}` is an input, which receives nothing: connections end at a population")
        own = name if name is not None else self._free_name(f"{start.name}->{end.name}")
        if own in self._projections:
            raise ValueError(f"there is a projection `{own}` already; give this one a `name`")
        if (weights is None) == (weight is None):
            raise ValueError("give `weights`, one for each connection, or `weight` for all of them")
        rules = {"prob": prob is not None, "fan_in": fan_in is not None, "one_to_one": one_to_one}
        given = [key for key, is_given in rules.items() if is_given]
        if len(given) > 1 or (given and weights is not None):
            what = " and ".join(f"`{key}`" for key in ([*given, "weights"] if weights is not None else given))
            raise ValueError(f"{what} all say who is joined to whom; give one of them")
        lines = ["[[projection]]", f"name = {json.dumps(own)}", f"pre = {start._toml()}", f"post = {end._toml()}"]
        if weights is not None:
            lines.extend(self._listed(own, weights, start, end, unit))
        else:
            if prob is not None:
                rule = f"{{ probability = {float(prob)!r} }}"
            elif fan_in is not None:
                rule = f"{{ fixed-fan-in = {int(fan_in)} }}"
            else:
                rule = '"one-to-one"' if one_to_one else '"all-to-all"'
            drawn = weight._toml(unit) if isinstance(weight, Law) else _quantity(cast(Value, weight), unit)
            lines += [f"connect = {rule}", f"weight = {drawn}"]
        if synapse is not None:
            kinds = synapse.values() if isinstance(synapse, Mapping) else [synapse]
            known = [*self._chip.synapses, "excitatory", "inhibitory"]
            for kind in kinds:
                if kind not in known:
                    raise unknown("synapse", kind, known)
            pairs = ", ".join(f"{key} = {json.dumps(kind)}" for key, kind in synapse.items()) if isinstance(synapse, Mapping) else ""
            lines.append(f"synapse = {{ {pairs} }}" if pairs else f"synapse = {json.dumps(synapse)}")
        elif weights is not None or isinstance(weight, Law) or inhibitory or _is_negative(weight):
            # Weights of both signs need a kind of each.
            lines.append('synapse = { excitatory = "excitatory", inhibitory = "inhibitory" }')
        if delay is not None:
            if isinstance(delay, Law):
                one, two = (f"{key} = {int(value)}" for key, value in zip(delay.keys, (delay.first, delay.second)))
                lines.append(f"delay = {{ {one}, {two} }}")
            else:
                lines.append(f"delay = {json.dumps(delay) if isinstance(delay, str) else int(delay)}")
        if inhibitory is not None:
            lines.append(f"inhibitory = {float(inhibitory)!r}")
        if self_connections:
            lines.append("self_connections = true")
        self._projections[own] = None
        self._blocks.append("\n".join(lines))

    def _free_name(self, name: str) -> str:
        """The name, with a number if it is taken."""
        if name not in self._projections:
            return name
        return next(numbered for n in range(2, len(self._projections) + 3) if (numbered := f"{name} ({n})") not in self._projections)

    def _group(self, group: Group | str) -> Group:
        name = group if isinstance(group, str) else group.name
        if name not in self._groups:
            raise unknown("population or input", name, self._groups)
        own = self._groups[name]
        return own if isinstance(group, str) else group

    def _listed(self, name: str, weights: Any, pre: Group, post: Group, unit: str) -> list[str]:
        """The lines of a projection whose weights are listed, and their file."""
        shape = (post.size, pre.size)
        if hasattr(weights, "tocoo"):
            sparse = weights.tocoo()
            self._check(name, tuple(sparse.shape), shape, sparse)
            rows, columns, values = sparse.row, sparse.col, np.asarray(sparse.data)
        else:
            dense = np.asarray(weights)
            self._check(name, dense.shape, shape, dense)
            rows, columns = np.nonzero(dense)
            values = dense[rows, columns]
        if values.dtype.kind not in "fiub":
            raise ValueError(f"weights of `{name}` have dtype {values.dtype}; they are numbers")
        wrong = np.flatnonzero(~np.isfinite(values))
        if len(wrong):
            at = int(wrong[0])
            raise ValueError(f"weights of `{name}`: the one at [{rows[at]}, {columns[at]}] is {values[at]}, which is no number")
        if len(values) == 0:
            raise ValueError(f"weights of `{name}` are all 0: there is no connection")
        order = np.lexsort((rows, columns))
        lines = ["pre,post,weight"]
        lines += [f"{p},{q},{_decimal(w)}" for p, q, w in zip(columns[order].tolist(), rows[order].tolist(), values[order].tolist())]
        file = f"connections-{len(self._files)}.csv"
        self._files[file] = "\n".join(lines) + "\n"
        return [f"connect = {{ list = {json.dumps(file)} }}", f"weight = {json.dumps('1 ' + unit)}"]

    @staticmethod
    def _check(name: str, found: tuple[int, ...], shape: tuple[int, int], given: Any) -> None:
        if found == shape:
            return
        turned = "; these are (pre, post): transpose them" if found == shape[::-1] else ""
        raise ValueError(f"weights of `{name}` have {shape_of(given)}; they have the shape {shape}, (post, pre){turned}")

    def to_toml(self) -> str:
        """The network file of a network that was built by hand; lists of connections are files beside it (:meth:`save`)."""
        self._open()
        head = f'format = "quenched-network"\nversion = 1\nseed = {self._seed}'
        return "\n\n".join([head, *self._blocks]) + "\n"

    def save(self, path: str | PathLike[str]) -> None:
        """Write a network that was built by hand as a network file, with its lists of connections beside it.

        Raises
        ------
        ValueError
            The network was read from a file.
        """
        file = Path(path)
        text = self.to_toml()
        for name, lines in self._files.items():
            beside = f"{file.stem}-{name}"
            text = text.replace(json.dumps(name), json.dumps(beside))
            (file.parent / beside).write_text(lines, encoding="utf-8")
        file.write_text(text, encoding="utf-8")

    def build(self) -> _native.Network:
        """The network as the mapper takes it.

        Raises
        ------
        FileError
            The chip has no such unit, synapse or value; the message names population or projection.
        """
        if self._made is not None:
            return self._made
        with tempfile.TemporaryDirectory() as directory:
            for name, lines in self._files.items():
                (Path(directory) / name).write_text(lines, encoding="utf-8")
            try:
                return _native.Network.from_toml(self.to_toml(), self._chip, directory=directory)
            except _native.FileError as error:
                raise self._named(error) from None

    def _named(self, error: _native.FileError) -> _native.FileError:
        """The error with names in place of numbers of a file that nobody has seen."""
        kinds = {"projection": list(self._projections)}
        kinds["population"], kinds["input"] = ([name for name, _ in all_of] for all_of in (self.populations, self.inputs))

        def named(found: re.Match[str]) -> str:
            kind, number = found.group(1), int(found.group(2))
            return f"{kind} {kinds[kind][number]}"

        def text(of: str) -> str:
            return re.sub(r"(projection|population|input)\[(\d+)\]", named, of)

        again = _native.FileError(text(re.sub(r"(?m)^network:\d+:\d+: ", "", str(error))))
        again.errors = [{**one, "message": text(one["message"])} for one in error.errors]
        return again

    def __repr__(self) -> str:
        if self._made is not None:
            return repr(self._made)
        neurons = sum(size for _, size in self.populations)
        return f"Network({neurons} neurons, {len(self._projections)} projections, for {json.dumps(self._chip.name)})"


def _is_negative(weight: Value | Law | None) -> bool:
    return weight.lstrip().startswith("-") if isinstance(weight, str) else isinstance(weight, (int, float)) and weight < 0


def _decimal(value: float) -> str:
    """A number without an exponent, exactly as it prints."""
    text = repr(value)
    return np.format_float_positional(value, trim="-") if "e" in text else text


def _values(value: Value | npt.ArrayLike | Law, unit: str, count: int, name: str) -> str:
    """A quantity, one for each of `count`, or a law, as a file spells it."""
    if isinstance(value, Law):
        return value._toml(unit)
    if isinstance(value, str):
        return json.dumps(value)
    array = np.asarray(value)
    if array.dtype.kind not in "fiu" or array.shape not in ((), (count,)):
        raise ValueError(f"`{name}` has {shape_of(array)}; it is one number, {count} of them, a text with its unit or a law")
    if array.ndim == 0:
        return _quantity(float(array), unit)
    return "[" + ", ".join(_quantity(float(one), unit) for one in array) + "]"
