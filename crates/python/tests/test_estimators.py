"""Reservoirs as estimators, with and without scikit-learn."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import quenched as q
from common import refused

SMALL: dict[str, Any] = {"neurons": 32, "input_fan_in": 2, "recurrent_fan_in": 4, "cv": 0.3}


def data(count: int, seed: int = 0) -> tuple[list[npt.NDArray[np.float64]], npt.NDArray[np.str_]]:
    """Two classes that differ in which of two channels is high, of series of several lengths."""
    random = np.random.default_rng(seed)
    series, labels = [], []
    for index in range(count):
        level = [0.8, 0.2] if index % 2 else [0.2, 0.8]
        series.append(np.tile(level, (3 + index % 3, 1)) + random.normal(0, 0.05, (3 + index % 3, 2)))
        labels.append("left" if index % 2 else "right")
    return series, np.array(labels)


def test_a_reservoir_learns_on_every_die() -> None:
    X, y = data(30)
    clf = q.Reservoir(**SMALL, dies=3).fit(X, y)
    new, labels = data(10, seed=1)
    score = clf.score(new, labels)
    assert score > 0.8 and clf.n_dies_ == 3 and clf.classes_.tolist() == ["left", "right"]
    table = clf.scores_.where(stage="float")
    assert table["die"].tolist() == [0, 1, 2] and score == table["score"].mean()
    assert np.mean(clf.predict(new, die=2) == labels) == table["score"][2]
    assert clf.decision_function(new).shape == (10,)
    # A part of the series is decided as it is among all.
    np.testing.assert_array_equal(clf.predict(new[:4]), clf.predict(new)[:4])
    with_threads = q.Reservoir(**SMALL, dies=3, threads=1).fit(X, y)
    for (_, one), (_, other) in zip(clf.outputs(new), with_threads.outputs(new)):
        np.testing.assert_array_equal(one["float"], other["float"])


def test_scores_are_those_of_a_study(tmp_path: Path) -> None:
    from quenched._reservoir import _toml, _ts

    X, y = data(30)
    new, labels = data(10, seed=1)
    clf = q.OnChipReadout(**SMALL, dies=2).fit(X, y)
    clf.score(new, labels)
    index = {"left": "0", "right": "1"}
    (tmp_path / "train.ts").write_text(_ts(X, [index[label] for label in y], 2))
    (tmp_path / "test.ts").write_text(_ts(new, [index[label] for label in labels], 2))
    (tmp_path / "s.toml").write_text(_toml(clf._study()))
    told = q.Study(tmp_path / "s.toml").run().rows
    for column, stage in [("score_float", "float"), ("score_on_chip", "on_chip"), ("score_calibrated", "calibrated")]:
        assert clf.scores_.where(stage=stage)["score"].tolist() == told[column].tolist()


def test_a_readout_on_the_chip_has_stages() -> None:
    X, y = data(30)
    clf = q.OnChipReadout(**SMALL, dies=1, stage="on_chip").fit(X, y)
    score = clf.score(X, y)
    stages = clf.scores_["stage"].tolist()
    assert stages == ["float", "chain", "quantised", "on_chip", "calibrated", "in_the_loop"]
    assert score == clf.scores_.where(stage="on_chip")["score"][0]
    assert clf.set_params(stage="float").score(X, y) == clf.scores_.where(stage="float")["score"][0] > 0.8
    assert clf.predict(X, stage="in_the_loop").shape == (30,)
    refused(lambda: clf.predict(X, stage="calibratd"), ValueError, "did you mean `calibrated`?")


def test_a_reservoir_learns_numbers() -> None:
    random = np.random.default_rng(3)
    levels = random.random(60)
    X = [np.full((4, 1), level) for level in levels]
    reg = q.ReservoirRegressor(neurons=48, input_fan_in=2, recurrent_fan_in=4, cv=0.2).fit(X[:40], 3 * levels[:40] - 1)
    assert reg.score(X[40:], 3 * levels[40:] - 1) > 0.8
    assert reg.predict(X[40:41]).shape == (1,)
    refused(lambda: reg.fit(X, ["a"] * 60), ValueError, "is numbers")
    refused(lambda: reg.fit(X, [np.nan] * 60), ValueError, "series 0: its number is nan")


def test_scikit_learn_takes_them() -> None:
    base = pytest.importorskip("sklearn.base")
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler

    X, y = data(24)
    search = GridSearchCV(q.Reservoir(**SMALL), {"recurrent_weight": [0.0, 0.2], "recurrence": ["full", "removed"]}, cv=2)
    search.fit(X, y)
    assert search.best_score_ > 0.7 and base.is_classifier(search.best_estimator_)
    copy = base.clone(q.OnChipReadout(neurons=7, stage="on_chip"))
    assert copy.get_params()["neurons"] == 7 and repr(copy) == "OnChipReadout(stage='on_chip', neurons=7)"
    assert base.is_regressor(q.ReservoirRegressor())
    flat = np.stack([series[:3, 0] * 9 for series in X])
    pipe = make_pipeline(MinMaxScaler(), q.Reservoir(**SMALL)).fit(flat, y)
    assert pipe.score(flat, y) > 0.8
    from sklearn.exceptions import NotFittedError

    refused(lambda: q.Reservoir().predict(X), NotFittedError, "call `fit` first")


def test_scikit_learn_is_not_needed() -> None:
    code = """
import sys
for name in ("sklearn", "pandas", "polars", "matplotlib", "scipy", "nir", "neo", "torch", "tqdm"):
    sys.modules[name] = None
import numpy as np
import quenched as q
X = [np.tile([[0.9, 0.1]] if i % 2 else [[0.1, 0.9]], (3, 1)) for i in range(12)]
y = np.arange(12) % 2
clf = q.Reservoir(neurons=16, input_fan_in=2, recurrent_fan_in=2, progress=True)
try:
    clf.predict(X)
except ValueError as error:
    print(error)
print(clf.fit(X, y).score(X, y), clf.scores_.columns)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "call `fit` first" in done.stdout and "['die', 'stage', 'score']" in done.stdout


def test_what_cannot_be_learned_is_refused() -> None:
    X, y = data(12)
    clf = q.Reservoir(**SMALL)
    refused(lambda: clf.fit(X, y[1:]), ValueError, "shape (11,)", "(12,)")
    refused(lambda: clf.fit(X, ["a"] * 12), ValueError, "single label")
    refused(lambda: clf.fit([], []), ValueError, "no series")
    refused(lambda: clf.fit([*X[:11], np.zeros((3, 5))], y), ValueError, "series 11 has 5 channels", "have 2")
    refused(lambda: clf.fit([*X[:11], np.full((3, 2), np.inf)], y), ValueError, "series 11: the value at [0, 0] is inf")
    refused(lambda: clf.fit(np.zeros(3), y), ValueError, "shape (3,)")
    refused(lambda: clf.fit(X[:2], y[:2]), q.RunError, "utterances")
    refused(lambda: q.Reservoir(features="binned").fit(X, y), ValueError, '"counts(N)"')
    refused(lambda: q.Reservoir(chip="dynapse3").fit(X, y), q.FileError, "did you mean `dynapse2`?")
    refused(lambda: q.Reservoir(neurons=5000).fit(X, y), q.RunError, "5000 neurons")
    refused(lambda: q.Reservoir(neurons=-1).fit(X, y), q.FileError, "neurons")
    refused(lambda: q.Reservoir(settings={"readout.fliter": "1 ms"}).fit(X, y), q.FileError, "fliter")
    refused(lambda: q.Reservoir().set_params(neuron=1), ValueError, "did you mean `neurons`?")
    refused(lambda: q.OnChipReadout(stage="on-chip").fit(X, y), ValueError, "did you mean `on_chip`?")
    refused(lambda: q.OnChipReadout(calibrate=False).fit(X, y), ValueError, "calibrate=True")
    clf.fit(X, y)
    refused(lambda: clf.predict([np.zeros((3, 1))]), ValueError, "series 0 has 1 channels", "have 2")
    refused(lambda: clf.predict(X, die=1), ValueError, "die 1")
    refused(lambda: clf.score(X, y[1:]), ValueError, "shape (11,)")


def test_every_setting_is_heard() -> None:
    X, y = data(12)
    usual: Any = q.Reservoir(**SMALL).fit(X, y).outputs(X)[0][1]["float"]
    for change in (
        {"recurrence": "removed"},
        {"seed": 2},
        {"features": "states(2)"},
        {"sample": "30 ms"},
        {"encoder": "poisson"},
        {"trains_per_channel": 3},
        {"rate_max": "300 Hz"},
        {"input_inhibitory": 0.0},
        {"recurrent_inhibitory": 0.0},
        {"input_weight": 0.5},
        {"recurrent_weight": 0.3},
        {"synapse": ("NMDA", "GABA")},
        {"parameters": {"tau_mem": "40 ms"}},
        {"settings": {"readout.parts": 3}},
    ):
        given: dict[str, Any] = {**SMALL, **change}
        assert not np.array_equal(q.Reservoir(**given).fit(X, y).outputs(X)[0][1]["float"], usual), change
