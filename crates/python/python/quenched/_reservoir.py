"""Reservoirs as estimators with the manners of scikit-learn, which need not be installed."""

from __future__ import annotations

import inspect
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt

from . import _native
from ._frames import Table
from ._run import progress_bar
from ._words import did_you_mean, shape_of

Self = TypeVar("Self", bound="Reservoir")

#: Series, each of the shape (samples, channels).
Series = Sequence[npt.ArrayLike] | npt.NDArray[Any]

#: What a readout goes through on its way to a die, from the host to the chip.
STAGES = ("float", "chain", "quantised", "on_chip", "calibrated", "in_the_loop")


class Reservoir:
    """A random network of spiking neurons on a die, and a linear readout on the host: a classifier.

    Parameters
    ----------
    chip : str
        Name of a shipped chip or path of a chip file.
    neurons : int
        Of the reservoir.
    recurrence : "full", "removed" or float
        What becomes of its recurrent connections; a number: the share that is kept.
    cv : float, optional
        Coefficient of variation that mismatch is scaled to; as in the chip file if not given.
    dies : int
        Dies that it is trained on, each by itself, numbered from 0.
    seed : int
        Root of networks, dies and encoders.
    features : str
        What the readout sees: ``"counts(16)"``, spikes in 16 equal parts of a series, or ``"states(4)"``, filtered spikes at
        the ends of 4 parts. A readout on the chip counts over the whole, ``"counts(1)"``.
    sample : str
        How long a sample of a series lasts.
    encoder : {"deterministic", "poisson"}
        How a value becomes a rate.
    trains_per_channel : int
        Spike trains that a channel is spread over.
    rate_max : str
        Highest rate of a train.
    input_fan_in, recurrent_fan_in : int
        Trains and neurons that each neuron hears.
    input_inhibitory, recurrent_inhibitory : float
        Share of the input connections, and of the neurons, that inhibit.
    input_weight, recurrent_weight : float
        Mean size, in the unit of the threshold.
    synapse : (str, str), optional
        Kinds of synapse that excite and inhibit; those of the chip if not given.
    parameters : mapping of str to str, optional
        Parameters of the neurons that differ from nominal, such as ``{"tau_mem": "30 ms"}``.
    settings : mapping of str to object, optional
        Any other key of a study (docs/formats/study.md), such as ``{"readout.filter": "10 ms"}``.
    threads : int, optional
        Threads; one a processor if not given. Results are the same bytes for any number.
    progress : bool
        A bar of tqdm while it is trained.

    Attributes
    ----------
    classes_ : ndarray
        The labels.
    n_dies_ : int
        Dies that differ: one stands for all where nothing sets them apart.
    scores_ : Table
        What :meth:`score` found: columns die, stage, score.
    warnings_ : list of str
        What is not as it was asked for.

    Notes
    -----
    `X` is a sequence of series of the shape (samples, channels), an array (series, samples, channels), or an array
    (series, samples) of a single channel. What happens to it is what a study of own data does; scores are the same.

    Examples
    --------
    >>> import numpy as np
    >>> import quenched as q
    >>> X = [np.tile([[0.9, 0.1]] if i % 2 else [[0.1, 0.9]], (3, 1)) for i in range(24)]
    >>> y = np.arange(24) % 2
    >>> clf = q.Reservoir(neurons=32, input_fan_in=2, recurrent_fan_in=4, cv=0.2).fit(X, y)
    >>> clf.score(X, y) > 0.9
    True
    """

    _estimator_type = "classifier"
    #: Whether the readout is on the chip, too.
    _on_chip = False
    #: The stage that decides.
    _decides = "float"

    def __init__(
        self,
        chip: str = "dynapse2",
        *,
        neurons: int = 256,
        recurrence: str | float = "full",
        cv: float | None = None,
        dies: int = 1,
        seed: int = 1,
        features: str = "counts(16)",
        sample: str = "20 ms",
        encoder: str = "deterministic",
        trains_per_channel: int = 2,
        rate_max: str = "200 Hz",
        input_fan_in: int = 16,
        recurrent_fan_in: int = 32,
        input_inhibitory: float = 0.3,
        recurrent_inhibitory: float = 0.5,
        input_weight: float = 0.3,
        recurrent_weight: float = 0.1,
        synapse: tuple[str, str] | None = None,
        parameters: Mapping[str, str] | None = None,
        settings: Mapping[str, object] | None = None,
        threads: int | None = None,
        progress: bool = False,
    ) -> None:
        # As scikit-learn wants it: what is given is kept as it is, and looked at by `fit`.
        self.chip = chip
        self.neurons = neurons
        self.recurrence = recurrence
        self.cv = cv
        self.dies = dies
        self.seed = seed
        self.features = features
        self.sample = sample
        self.encoder = encoder
        self.trains_per_channel = trains_per_channel
        self.rate_max = rate_max
        self.input_fan_in = input_fan_in
        self.recurrent_fan_in = recurrent_fan_in
        self.input_inhibitory = input_inhibitory
        self.recurrent_inhibitory = recurrent_inhibitory
        self.input_weight = input_weight
        self.recurrent_weight = recurrent_weight
        self.synapse = synapse
        self.parameters = parameters
        self.settings = settings
        self.threads = threads
        self.progress = progress

    @classmethod
    def _names(cls) -> list[str]:
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters by name, as scikit-learn asks for them."""
        return {name: getattr(self, name) for name in self._names()}

    def set_params(self: Self, **parameters: Any) -> Self:
        """Set parameters by name.

        Raises
        ------
        ValueError
            There is no such parameter.
        """
        for name, value in parameters.items():
            if name not in self._names():
                raise ValueError(f"{type(self).__name__} has no parameter `{name}`; {did_you_mean(name, self._names(), 'it has')}")
            setattr(self, name, value)
        return self

    def __sklearn_tags__(self) -> Any:
        # Only scikit-learn asks for this.
        from sklearn.utils import ClassifierTags, InputTags, RegressorTags, Tags, TargetTags

        is_classifier = self._estimator_type == "classifier"
        return Tags(
            estimator_type=self._estimator_type,
            target_tags=TargetTags(required=True),
            classifier_tags=ClassifierTags() if is_classifier else None,
            regressor_tags=None if is_classifier else RegressorTags(),
            input_tags=InputTags(three_d_array=True),
        )

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_fitted")

    def _study(self) -> dict[str, Any]:
        """The settings as a study has them."""
        what, _, parts = self.features.partition("(")
        if what not in ("counts", "states") or (parts and not (parts[-1] == ")" and parts[:-1].isdecimal())):
            raise ValueError(f'features is {self.features!r}; it is "counts(N)" or "states(N)", N being the parts of a series')
        chip = self.chip if self.chip in _native.Chip.names() else os.path.abspath(self.chip)
        own = _native.Chip(self.chip)
        excitatory, inhibitory = self.synapse if self.synapse is not None else own._kinds()
        synapse = {"excitatory": excitatory, "inhibitory": inhibitory}
        reservoir: dict[str, Any] = {
            "neurons": self.neurons,
            "input_fan_in": self.input_fan_in,
            "recurrent_fan_in": self.recurrent_fan_in,
            "input_inhibitory": self.input_inhibitory,
            "recurrent_inhibitory": self.recurrent_inhibitory,
            "input_weight": self.input_weight,
            "recurrent_weight": self.recurrent_weight,
            "synapse": synapse,
        }
        if self.parameters:
            reservoir["parameters"] = dict(self.parameters)
        readout: dict[str, Any] = {"on_chip": self._on_chip}
        if not self._on_chip:
            readout |= {"features": what, "parts": int(parts[:-1]) if parts else 1}
        study: dict[str, Any] = {
            "format": "quenched-study",
            "version": 1,
            "chip": chip,
            "seed": self.seed,
            "networks": 1,
            "dies": self.dies,
            "recurrence": [self.recurrence],
            "reservoir": reservoir,
            "encoder": {"kind": self.encoder, "trains_per_channel": self.trains_per_channel, "rate_max": self.rate_max},
            "readout": readout,
        }
        if self.cv is not None:
            study["cv"] = [self.cv]
        # A table of its own, behind all keys.
        study["task"] = [{"id": "own", "sample": self.sample, "train_file": "train.ts", "test_file": "test.ts"}]
        return study

    def fit(self: Self, X: Series, y: npt.ArrayLike) -> Self:
        """Train the readouts, each for its die.

        Parameters
        ----------
        X : sequence of series
        y : array_like, shape (series,)
            The label of each, or its number.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            Series or labels are not what they should be.
        RunError
            The network does not fit the chip.
        FileError
            A parameter is not what a study can have; the message names it.
        """
        series = _series(X)
        targets = self._targets(y, len(series))
        channels = series[0].shape[1]
        text = _ts(series, targets, self._labels())
        # What is scored by the study is of no consequence.
        few = _ts(series[:2], targets[:2], self._labels())
        study = self._study()
        with tempfile.TemporaryDirectory() as directory:
            (Path(directory) / "train.ts").write_text(text, encoding="utf-8")
            (Path(directory) / "test.ts").write_text(few, encoding="utf-8")
            settings = [(key, _set(value)) for key, value in (self.settings or {}).items()]
            self._fitted = _native._Reservoir(
                _toml(study),
                directory,
                set=settings,
                threads=self.threads,
                progress=progress_bar(self.progress, int(self.dies), "die"),
            )
        self._channels = channels
        self.n_features_in_ = channels
        self.warnings_ = self._fitted.warnings
        self.n_dies_ = self._fitted.dies
        return self

    def _labels(self) -> int | None:
        """How many classes there are; None: targets are numbers."""
        return len(self.classes_)

    def _targets(self, y: npt.ArrayLike, count: int) -> list[str]:
        """What stands at the end of the line of a series."""
        labels = np.asarray(y)
        if labels.shape != (count,):
            raise ValueError(f"y has {shape_of(labels)}; of {count} series it has the shape ({count},)")
        self.classes_, index = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"y has the single label {self.classes_[0]!r}; a classifier tells two or more apart")
        return [str(label) for label in index]

    def outputs(self, X: Series) -> list[tuple[int, dict[str, npt.NDArray[np.float64]]]]:
        """What the readouts of every die say, stage by stage.

        Returns
        -------
        list of (int, dict)
            Number of the die, and by stage an array (series, classes), or (series, 1) of numbers.

        Raises
        ------
        ValueError
            It is not trained yet, or series have other channels than those that it was trained on.
        """
        if not hasattr(self, "_fitted"):
            raise _not_fitted(type(self).__name__)
        series = _series(X)
        for index, one in enumerate(series):
            if one.shape[1] != self._channels:
                raise ValueError(f"series {index} has {one.shape[1]} channels, and those that it was trained on have {self._channels}")
        least = 1 if self._labels() is not None else 2
        padded = series + series[:1] * max(0, least - len(series))
        text = _ts(padded, ["0"] * len(padded), self._labels())
        made = self._fitted.outputs(text, threads=self.threads)
        return [(die, {name: values[: len(series)] for name, values in stages}) for die, stages in made]

    def _stage(self, stage: str | None, stages: Mapping[str, Any]) -> str:
        name = stage if stage is not None else self._decides
        if name not in stages:
            raise ValueError(f"there is no stage `{name}`; {did_you_mean(name, stages, 'there are')}")
        return name

    def predict(self, X: Series, *, die: int = 0, stage: str | None = None) -> npt.NDArray[Any]:
        """The label of each series, as a die has it.

        Parameters
        ----------
        X : sequence of series
        die : int
            Which of the dies.
        stage : str, optional
            Which readout: "float", and of a readout on the chip "quantised", "on_chip", "calibrated" or "in_the_loop".

        Returns
        -------
        ndarray, shape (series,)
        """
        made = self.outputs(X)
        if not 0 <= die < len(made):
            raise ValueError(f"die {die} is none of the {len(made)} that it was trained on, from 0")
        stages = made[die][1]
        return self._decided(stages[self._stage(stage, stages)])

    def decision_function(self, X: Series, *, die: int = 0) -> npt.NDArray[np.float64]:
        """What the readout says of each class, shape (series, classes); of two classes the difference, shape (series,)."""
        made = self.outputs(X)
        stages = made[die][1]
        values = stages[self._stage(None, stages)]
        return values[:, 1] - values[:, 0] if values.shape[1] == 2 else values

    def _decided(self, outputs: npt.NDArray[np.float64]) -> npt.NDArray[Any]:
        return cast("npt.NDArray[Any]", self.classes_[np.argmax(outputs, axis=1)])

    def _quality(self, outputs: npt.NDArray[np.float64], y: npt.NDArray[Any]) -> float:
        return float(np.mean(self._decided(outputs) == y))

    def score(self, X: Series, y: npt.ArrayLike) -> float:
        """The mean over dies of the share of series that are decided right (of a regressor: R squared).

        Afterwards `scores_` has the score of every die and stage.
        """
        wanted = np.asarray(y)
        made = self.outputs(X)
        count = len(next(iter(made[0][1].values())))
        if wanted.shape != (count,):
            raise ValueError(f"y has {shape_of(wanted)}; of {count} series it has the shape ({count},)")
        rows = [(die, name, self._quality(values, wanted)) for die, stages in made for name, values in stages.items()]
        dies, names, scores = (np.array(column) for column in zip(*rows))
        self.scores_ = Table({"die": dies, "stage": names, "score": scores})
        return float(np.mean(self.scores_.where(stage=self._stage(None, made[0][1]))["score"]))

    def __repr__(self) -> str:
        usual = {name: one.default for name, one in inspect.signature(type(self).__init__).parameters.items()}
        changed = [f"{name}={value!r}" for name, value in self.get_params().items() if value != usual[name]]
        return f"{type(self).__name__}({', '.join(changed)})"


class OnChipReadout(Reservoir):
    """A reservoir whose readout is on the chip, too: trained for its neurons, mapped, calibrated on each die.

    Parameters
    ----------
    stage : {"on_chip", "calibrated", "in_the_loop", "quantised", "chain", "float"}
        Which readout decides: as it was mapped; with every neuron trimmed on the die; with weights that the host fits
        to what these neurons do; or one of those before the chip.
    copies : int or "fill"
        How often the readout is there.
    drive : str
        What readout neurons are driven by, which sets their rate at rest.
    swing : float
        Their net input at the 99th percentile of the training data, as a part of the drive.
    drain : str
        How long spikes are counted after a series.
    penalty_min : float
        The smallest ridge penalty that may be chosen.
    calibrate : bool
        Whether neurons are trimmed.
    chip, neurons, recurrence, cv, dies, seed, features, sample, encoder, trains_per_channel, rate_max, input_fan_in, \
recurrent_fan_in, input_inhibitory, recurrent_inhibitory, input_weight, recurrent_weight, synapse, parameters, settings, \
threads, progress
        As of :class:`Reservoir`.

    Notes
    -----
    `scores_` has every stage, so that what each step to the chip costs can be seen.
    """

    _on_chip = True

    def __init__(
        self,
        chip: str = "dynapse2",
        *,
        stage: str = "calibrated",
        copies: int | str = "fill",
        drive: str = "2.5 1",
        swing: float = 0.4,
        drain: str = "50 ms",
        penalty_min: float = 0.25,
        calibrate: bool = True,
        neurons: int = 256,
        recurrence: str | float = "full",
        cv: float | None = None,
        dies: int = 1,
        seed: int = 1,
        features: str = "counts(1)",
        sample: str = "20 ms",
        encoder: str = "deterministic",
        trains_per_channel: int = 2,
        rate_max: str = "200 Hz",
        input_fan_in: int = 16,
        recurrent_fan_in: int = 32,
        input_inhibitory: float = 0.3,
        recurrent_inhibitory: float = 0.5,
        input_weight: float = 0.3,
        recurrent_weight: float = 0.1,
        synapse: tuple[str, str] | None = None,
        parameters: Mapping[str, str] | None = None,
        settings: Mapping[str, object] | None = None,
        threads: int | None = None,
        progress: bool = False,
    ) -> None:
        super().__init__(
            chip,
            neurons=neurons,
            recurrence=recurrence,
            cv=cv,
            dies=dies,
            seed=seed,
            features=features,
            sample=sample,
            encoder=encoder,
            trains_per_channel=trains_per_channel,
            rate_max=rate_max,
            input_fan_in=input_fan_in,
            recurrent_fan_in=recurrent_fan_in,
            input_inhibitory=input_inhibitory,
            recurrent_inhibitory=recurrent_inhibitory,
            input_weight=input_weight,
            recurrent_weight=recurrent_weight,
            synapse=synapse,
            parameters=parameters,
            settings=settings,
            threads=threads,
            progress=progress,
        )
        self.stage = stage
        self.copies = copies
        self.drive = drive
        self.swing = swing
        self.drain = drain
        self.penalty_min = penalty_min
        self.calibrate = calibrate

    def _stage(self, stage: str | None, stages: Mapping[str, Any]) -> str:
        return super()._stage(self.stage if stage is None else stage, stages)

    def _study(self) -> dict[str, Any]:
        if self.stage not in STAGES:
            raise ValueError(f"stage is {self.stage!r}; {did_you_mean(str(self.stage), STAGES, 'there are')}")
        if self.stage in ("calibrated", "in_the_loop") and not self.calibrate:
            raise ValueError(f"stage is {self.stage!r}, which needs calibrate=True")
        if self.features != "counts(1)":
            raise ValueError(f'features is {self.features!r}; a readout on the chip counts over the whole series, "counts(1)"')
        study = super()._study()
        readout = study["readout"]
        readout |= {
            "strategy": "split",
            "swing": self.swing,
            "penalty_min": self.penalty_min,
            "copies": self.copies,
            "drain": self.drain,
            "parameters": {"drive": self.drive},
            "synapse": study["reservoir"]["synapse"],
        }
        if self.calibrate:
            readout["calibration"] = {"iterations": 6}
        return study


class ReservoirRegressor(Reservoir):
    """A reservoir that learns a number for each series; parameters as of :class:`Reservoir`."""

    _estimator_type = "regressor"

    def _labels(self) -> int | None:
        return None

    def _targets(self, y: npt.ArrayLike, count: int) -> list[str]:
        numbers = np.asarray(y)
        if numbers.shape != (count,) or numbers.dtype.kind not in "fiu":
            raise ValueError(f"y has {shape_of(numbers)}; of {count} series it has the shape ({count},), and is numbers")
        if not np.isfinite(numbers).all():
            at = int(np.flatnonzero(~np.isfinite(numbers))[0])
            raise ValueError(f"series {at}: its number is {numbers[at]}")
        return [repr(float(number)) for number in numbers]

    def _decided(self, outputs: npt.NDArray[np.float64]) -> npt.NDArray[Any]:
        return outputs[:, 0]

    def _quality(self, outputs: npt.NDArray[np.float64], y: npt.NDArray[Any]) -> float:
        spread = float(np.sum((y - y.mean()) ** 2))
        error = float(np.sum((y - outputs[:, 0]) ** 2))
        return 1 - error / spread if spread > 0 else float(error == 0)


def _not_fitted(name: str) -> Exception:
    """What scikit-learn raises, where it is there: a ValueError in any case."""
    text = f"this {name} is not trained yet: call `fit` first"
    try:
        from sklearn.exceptions import NotFittedError
    except ImportError:
        return ValueError(text)
    return cast(Exception, NotFittedError(text))


def _series(X: Series) -> list[npt.NDArray[np.float64]]:
    """Every series as an array (samples, channels) of finite numbers, all with the same channels."""
    if isinstance(X, np.ndarray) and X.dtype != object and X.ndim not in (2, 3):
        raise ValueError(f"X has {shape_of(X)}; it is a sequence of series (samples, channels), or an array of these")
    found: list[npt.NDArray[np.float64]] = []
    for index, given in enumerate(X):
        array = np.asarray(given)
        if array.dtype.kind not in "fiub" or array.ndim not in (1, 2) or array.size == 0:
            raise ValueError(f"series {index} has {shape_of(array)}; it has the shape (samples, channels), and is numbers")
        array = array.astype(np.float64).reshape(len(array), -1)
        if found and array.shape[1] != found[0].shape[1]:
            raise ValueError(f"series {index} has {array.shape[1]} channels, and those before it have {found[0].shape[1]}")
        if not np.isfinite(array).all():
            row, column = np.argwhere(~np.isfinite(array))[0]
            raise ValueError(f"series {index}: the value at [{row}, {column}] is {array[row, column]}")
        found.append(array)
    if not found:
        raise ValueError("X has no series")
    return found


def _ts(series: Sequence[npt.NDArray[np.float64]], targets: Sequence[str], labels: int | None) -> str:
    """The series as a `.ts` file."""
    last = "@targetLabel true" if labels is None else "@classLabel true " + " ".join(str(label) for label in range(labels))
    lines = [f"@dimensions {series[0].shape[1]}", last, "@data"]
    for one, target in zip(series, targets):
        channels = (",".join(repr(value) for value in channel) for channel in one.T.tolist())
        lines.append(":".join(channels) + f":{target}")
    return "\n".join(lines) + "\n"


def _set(value: object) -> str:
    return _value(value) if isinstance(value, (bool, list, tuple, dict)) else str(value)


def _value(value: object) -> str:
    """A value of TOML."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_value(one)}" for key, one in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(one) for one in value) + "]"
    if isinstance(value, (np.integer, np.floating)):
        value = value.item()
    return json.dumps(value)


def _toml(study: Mapping[str, Any]) -> str:
    return "\n".join(
        "\n".join(["[[task]]", *(f"{name} = {_value(one)}" for name, one in value[0].items())])
        if key == "task"
        else f"{key} = {_value(value)}"
        for key, value in study.items()
    )


