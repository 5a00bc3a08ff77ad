"""Events of many forms in, spikes of many forms out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import quenched as q
from common import EVENTS, ROOT, refused


@pytest.fixture(scope="module")
def chip() -> q.Chip:
    return q.Chip("dynapse2")


@pytest.fixture(scope="module")
def run(chip: q.Chip) -> q.Run:
    program = q.map(q.Network.load(ROOT / "examples/network.toml", chip))
    return q.run(program, chip.die(1, cv=0.3), EVENTS, ticks=100_000, probe={"pools": ["v"]}, every=5_000)


def test_times_become_ticks_without_rounding_errors(chip: q.Chip) -> None:
    events = q.events_from_times([0.3, 0.1, 0.1000009], [2, 1, 0], chip)
    assert events.tolist() == [[100_000, 1, 1], [100_000, 0, 1], [300_000, 2, 1]]
    ms = q.Chip("ideal")
    assert q.events_from_times([999, 1000, 1999], [0, 0, 0], ms, time_unit="us")[:, 0].tolist() == [0, 1, 1]
    large = np.array([2**62], dtype=np.int64)
    assert q.events_from_times(large, [0], chip, time_unit="ns")[0, 0] == 2**62 // 1000


def test_recordings_have_the_addresses_of_the_command(chip: q.Chip) -> None:
    record = np.zeros(2, dtype=[("x", "<i2"), ("y", "<i2"), ("t", "<i8"), ("p", "<i2")])
    record["x"], record["y"], record["p"], record["t"] = [3, 0], [1, 2], [1, 0], [7, 9]
    events = q.events_from_tonic(record, chip, sensor_size=(34, 34, 2))
    assert events.tolist() == [[7, (1 * 34 + 1) * 34 + 3, 1], [9, 2 * 34, 1]]
    flat = np.zeros(1, dtype=[("t", "<i8"), ("x", "<i2"), ("p", "<i2")])
    assert q.events_from_tonic(flat, chip, sensor_size=(700, 1, 1)).tolist() == [[0, 0, 1]]


def test_what_are_no_events_is_refused(chip: q.Chip) -> None:
    record = np.zeros(1, dtype=[("x", "<i2"), ("t", "<i8")])
    refused(lambda: q.events_from_tonic(record, chip, sensor_size=(4, 4, 2)), ValueError, "`y`, `p`", "('x', 't')")
    record["x"] = 4
    refused(lambda: q.events_from_tonic(record, chip, sensor_size=(4,)), ValueError, "event 0: its x is 4, and the sensor has 4")
    refused(lambda: q.events_from_times([0.0], [0], chip, time_unit="usec"), ValueError, "did you mean `us`?")
    refused(lambda: q.events_from_times([np.nan], [0], chip), ValueError, "event 0: its time is nan")
    refused(lambda: q.events_from_times([0.0, 1.0], [0], chip), ValueError, "shape (2,)", "shape (1,)")
    refused(lambda: q.events_from_times([0.0], [0.5], chip), ValueError, "float64")
    refused(lambda: q.events_from_counts(np.array([[0, -1]]), 5), ValueError, "bin 0, channel 1: a count of -1")
    refused(lambda: q.events_from_counts(np.zeros((2, 2), int), 0), ValueError, "bin_ticks is 0")
    program = q.map(q.Network.load(ROOT / "examples/network.toml", chip))
    refused(lambda: q.run(program, chip.die(), record, ticks=9), ValueError, "events_from_tonic")


def test_spikes_become_frames(run: q.Run) -> None:
    table = run.to_table()
    assert table.columns == ["time", "tick", "population", "neuron", "value"] and len(table) == len(run.spikes) > 0
    np.testing.assert_allclose(table["time"], run.spikes["tick"] * 1e-6)
    for name, _ in run.populations:
        assert len(table.where(population=name)) == run.counts(name).sum()
    pandas = pytest.importorskip("pandas").DataFrame
    frame = run.to_pandas()
    assert isinstance(frame, pandas) and frame["neuron"].tolist() == run.spikes["neuron"].tolist()
    polars = pytest.importorskip("polars").DataFrame
    assert isinstance(run.to_polars(), polars) and run.to_polars()["population"].to_list() == table["population"].tolist()
    refused(lambda: table["nueron"], q.UnknownNameError, "did you mean `neuron`?")


def test_spikes_become_a_recording(run: q.Run) -> None:
    record = run.to_tonic("reservoir")
    assert record.dtype.names == ("x", "y", "p", "t") and len(record) == run.counts("reservoir").sum()
    assert np.all(record["p"] == 1) and record["t"].max() < 100_000
    assert run.to_tonic("reservoir", time_unit="ms")["t"].max() < 100
    refused(lambda: run.to_tonic("resrvoir"), q.UnknownNameError, "did you mean `reservoir`?")


def test_a_run_becomes_neo(run: q.Run) -> None:
    pytest.importorskip("neo")
    [segment] = run.to_neo().segments
    assert len(segment.spiketrains) == 66 and segment.annotations["digest"] == run.digest
    of = {train.name: train for train in segment.spiketrains}
    counts = run.counts("pools")
    assert [len(of[f"pools[{neuron}]"]) for neuron in range(2)] == counts.tolist()
    [signal] = segment.analogsignals
    np.testing.assert_array_equal(np.asarray(signal), run.trace("pools", "v"))
    assert float(signal.sampling_period.rescale("ms")) == 5.0


def test_a_run_becomes_nirdata(run: q.Run, tmp_path: Path) -> None:
    nir = pytest.importorskip("nir")
    nir.write_data(tmp_path / "run.h5", run.to_nirdata())
    data = nir.read_data(tmp_path / "run.h5")
    spikes = data.nodes["reservoir"].observables["spikes"]
    assert spikes.n_neurons == 64 and (spikes.idx >= 0).sum() == run.counts("reservoir").sum()
    grid = data.nodes["pools"].observables["v"]
    np.testing.assert_array_equal(grid.data[0], run.trace("pools", "v"))
    assert grid.dt == pytest.approx(5e-3)


def test_what_is_not_installed_is_named(run: q.Run, monkeypatch: Any) -> None:
    import sys

    for module in ("pandas", "polars", "neo", "nir", "matplotlib.pyplot"):
        monkeypatch.setitem(sys.modules, module, None)
    for call, package in [(run.to_pandas, "pandas"), (run.to_polars, "polars"), (run.to_neo, "neo"), (run.to_nirdata, "nir")]:
        refused(call, ImportError, f"pip install {package}")
    refused(run.plot, ImportError, "pip install matplotlib")


def test_a_run_is_drawn(run: q.Run) -> None:
    plt = pytest.importorskip("matplotlib.pyplot")
    _, axes = plt.subplots(3)
    assert run.plot(axes[0]) is axes[0] and len(axes[0].lines) == 2
    assert run.plot_trace("pools", "v", axes[1]) is axes[1] and len(axes[1].lines) == 2
    refused(lambda: run.plot_trace("pools", "w"), ValueError, "was not probed")
    plt.close("all")
