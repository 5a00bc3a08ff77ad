"""Scores of labelled sets: the numbers of the command, in any order of threads."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import quenched as q
from common import ROOT, command, refused


@pytest.fixture(scope="module")
def program() -> q.Program:
    return q.map(q.Network.load(ROOT / "examples/network.toml", q.Chip("dynapse2")))


@pytest.fixture(scope="module")
def samples() -> list[npt.NDArray[np.int64]]:
    """Twelve samples of 20 ms that differ in which half of the channels is active."""
    random = np.random.default_rng(1)
    made = []
    for index in range(12):
        ticks = np.sort(random.integers(0, 20_000, 300))
        channels = random.integers(0, 12, 300) + 12 * (index % 2)
        made.append(np.stack([ticks, channels], axis=1))
    return made


LABELS = [index % 2 for index in range(12)]


def files(samples: list[npt.NDArray[np.int64]], directory: Path) -> None:
    lines = ["file,label"]
    for index, events in enumerate(samples):
        text = "".join(f"{tick},{channel}\n" for tick, channel in events)
        (directory / f"{index}.csv").write_text("tick,channel\n" + text)
        lines.append(f"{index}.csv,{LABELS[index]}")
    (directory / "set.csv").write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize("extra", [{}, {"decide": "first", "output": "pools"}, {"vary": ["tau_mem"]}, {"binary": True}])
def test_scores_are_those_of_the_command(
    program: q.Program, samples: list[npt.NDArray[np.int64]], tmp_path: Path, extra: dict[str, Any]
) -> None:
    files(samples, tmp_path)
    words = ["score", str(ROOT / "examples/network.toml"), "--chip", "dynapse2", "--data", "set.csv", "--json", "--csv", "d.csv"]
    words += ["--dies", "3", "--seed", "5", "--cv", "0", "--cv", "0.3", "--time", "20ms", "--require", "0.5", "--quiet"]
    for name, value in extra.items():
        values = value if isinstance(value, list) else [value]
        words += [word for one in values for word in ([f"--{name}"] if one is True else [f"--{name}", str(one)])]
    told = json.loads(command(*words, cwd=tmp_path))
    scores = q.score(program, samples, LABELS, dies=3, seed=5, cv=[0, 0.3], duration="20 ms", **extra)
    with (tmp_path / "d.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(scores)
    for name in ("die", "output_spikes", "spikes", "label"):
        assert scores[name].tolist() == [int(row[name]) for row in rows]
    assert scores["predicted"].tolist() == [int(row["decision"]) if row["decision"] else -1 for row in rows]
    assert scores["correct"].tolist() == [row["correct"] == "true" for row in rows]
    for block, cv in zip(told["results"], (0.0, 0.3)):
        dies = scores.dies.where(cv=cv)
        for index, die in enumerate(block["dies"]):
            assert dies["accuracy"][index] == die["accuracy"]
            assert [dies["low"][index], dies["high"][index]] == die["interval"]
            for name in ("correct", "ties", "undecided", "synaptic_operations", "saturations", "events_lost"):
                assert dies[name][index] == die[name]
        assert scores.confusion(cv).tolist() == block["confusion"]
        assert scores.over_dies.where(cv=cv)["mean"][0] == block["over_dies"]["mean"]
        [of_cv] = [found for found in q.yield_(scores, "accuracy >= 0.5") if found.cv == cv]
        assert [of_cv.low, of_cv.high] == block["yield"]["interval"] and of_cv.reached == block["yield"]["reach"]
    assert (scores.output, scores.decide) == (told["output"], told["decide"])


def test_threads_change_nothing(program: q.Program, samples: list[npt.NDArray[np.int64]]) -> None:
    seen: list[tuple[int, int]] = []
    made = [
        q.score(program, samples, LABELS, dies=4, cv=0.3, ticks=20_000, threads=threads, progress=lambda *now: seen.append(now))
        for threads in (1, 2, 5)
    ]
    for other in made[1:]:
        for name in made[0].columns:
            np.testing.assert_array_equal(made[0][name], other[name])
    assert seen[-1] == (48, 48)


def test_samples_have_several_forms(program: q.Program) -> None:
    chip = program.chip
    random = np.random.default_rng(2)
    dense = [(random.random((40, 24)) < 0.2).astype(np.uint8) for _ in range(4)]
    labels = ["b", "a", "b", "a"]
    wanted = q.score(program, dense, labels, dies=2, cv=0.2, bin_ticks=500)
    assert set(wanted["label"]) == {"a", "b"} and wanted.classes == ["a", "b"]
    lists = [q.events_from_counts(counts, 500) for counts in dense]
    records = []
    for events in lists:
        record = np.zeros(len(events), dtype=[("t", "<i8"), ("x", "<i2"), ("y", "<i2"), ("p", "?")])
        record["t"], record["x"], record["y"], record["p"] = events[:, 0], events[:, 1] % 4, events[:, 1] // 4 % 3, events[:, 1] // 12
        records.append(record)
    dies = [chip.die(number, cv=0.2) for number in range(2)]
    for other in (
        q.score(program, lists, labels, dies=[0, 1], cv=0.2, ticks=20_000),
        q.score(program, records, labels, dies=2, cv=0.2, duration="20 ms", sensor_size=(4, 3, 2)),
        q.score(program, lists, labels, dies=dies, ticks=20_000),
    ):
        np.testing.assert_array_equal(other["predicted"], wanted["predicted"])
        np.testing.assert_array_equal(other["spikes"], wanted["spikes"])


def test_tables_become_frames(program: q.Program, samples: list[npt.NDArray[np.int64]]) -> None:
    scores = q.score(program, samples, LABELS, dies=2, cv=[0.2, 0.4], ticks=20_000)
    assert "decisions by `pools`" in repr(scores) and "<table>" in scores._repr_html_()
    pandas = pytest.importorskip("pandas")
    frame = scores.to_pandas()
    assert isinstance(frame, pandas.DataFrame) and frame["correct"].mean() == scores["correct"].mean()
    polars = pytest.importorskip("polars")
    assert isinstance(scores.dies.to_polars(), polars.DataFrame)


def test_yields_have_intervals() -> None:
    table = q.Table({"die": np.arange(10), "error": np.linspace(0.1, 1.0, 10)})
    [found] = q.yield_(table, "error <= 0.5", level=0.9)
    assert (found.share, found.reached, found.dies, found.best[0], found.worst) == (0.5, 5, 10, 0, (9, 1.0))
    assert 0.2 < found.low < 0.3 < 0.7 < found.high < 0.8
    refused(lambda: q.yield_(table, "error > 0.5"), ValueError, "accuracy >= 0.9")
    refused(lambda: q.yield_(table, "eror <= 0.5"), q.UnknownNameError, "did you mean `error`?")
    refused(lambda: q.yield_(table, "error <= 1e"), ValueError, "is no number")
    refused(lambda: q.yield_(table, "error <= 1", level=2), ValueError, "level")
    names = q.Table({"die": np.arange(2), "error": np.array(["a", "b"])})
    refused(lambda: q.yield_(names, "error <= 1"), ValueError, "dtype")


def test_what_cannot_be_scored_is_refused(program: q.Program, samples: list[npt.NDArray[np.int64]]) -> None:
    def score(*changes: Any, **keywords: Any) -> Any:
        return lambda: q.score(program, *(changes or (samples, LABELS)), **{"ticks": 99, **keywords})

    refused(score(samples, LABELS[1:]), ValueError, "there are 11 labels of 12 samples")
    refused(score(samples, [2] * 12), ValueError, "the label 2 is no output neuron: there are 2", "`output`")
    refused(score(samples, [-1] * 12), ValueError, "the label -1", "from 0")
    refused(score(samples, ["a", "b", "c"] * 4), ValueError, "3 names", "`classes`")
    refused(score(samples, [[0]] * 12), ValueError, "shape (12,)")
    refused(score([], []), ValueError, "no sample")
    refused(score(samples, LABELS, dies=0), ValueError, "no die")
    refused(score([[[0.5, 1]]], [0]), ValueError, "sample 0: events have the shape (1, 2) and dtype float64")
    refused(score([np.zeros((3, 5), int)], [0], bin_ticks=5), ValueError, "sample 0", "(bins, 24)")
    refused(score([np.array([[0, 99]])], [0]), q.RunError, "channel 99")
    refused(score(samples, LABELS, output="pool"), q.UnknownNameError, "did you mean `pools`?")
    refused(score(samples, LABELS, decide="cuont"), q.UnknownNameError, "did you mean `count`?")
    refused(score(samples, LABELS, vary="tau_mme", cv=0.1), q.UnknownNameError, "did you mean `tau_mem`?")
    refused(score(samples, LABELS, cv=float("nan")), ValueError, "`cv` is NaN")
    refused(score(samples, LABELS, ticks=None), ValueError, "how long", "`ticks`")
    refused(score(samples, LABELS, duration="1 ms"), ValueError, "not both")
    die = q.Chip("ideal").die()
    refused(score(samples, LABELS, dies=[die]), ValueError, "the die is of `ideal`")
    refused(score(samples, LABELS, dies=[program.chip.die()], cv=0.2), ValueError, "drawn already")
