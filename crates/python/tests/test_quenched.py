"""The package as its users have it: values, arrays, errors, and the same bytes as the command."""

from __future__ import annotations

import csv
import doctest
import importlib
import json
import pkgutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import quenched as q
from common import EVENTS, ROOT, command, refused

@pytest.fixture(scope="module")
def chip() -> q.Chip:
    return q.Chip("dynapse2")


@pytest.fixture(scope="module")
def program(chip: q.Chip) -> q.Program:
    return q.map(q.Network.load(ROOT / "examples/network.toml", chip))


def test_a_run_has_the_digest_of_the_command(chip: q.Chip, program: q.Program, tmp_path: Path) -> None:
    lines = "".join(f"{tick},{channel}\n" for tick, channel in EVENTS)
    (tmp_path / "events.csv").write_text("tick,channel\n" + lines)
    for number, cv in [(0, None), (3, 0.2)]:
        words = ["run", str(ROOT / "examples/network.toml"), "--chip", "dynapse2", "--die", str(number), "--seed", "7"]
        words += ["--input", "events.csv", "--time", "100ms", "--json", "--spikes", "s.csv"]
        told = json.loads(command(*words, *([] if cv is None else ["--cv", str(cv)]), cwd=tmp_path))
        run = q.run(program, chip.die(number, seed=7, cv=cv), EVENTS, duration="100 ms")
        assert run.digest == told["digest"]
        assert run.ticks == told["to_tick"] == 100_000
        for name in ("spikes", "synaptic_operations", "neuron_updates"):
            assert run.counters[name] == told["counters"][name]
        for population in told["populations"]:
            assert run.counts(population["name"]).tolist() == population["spikes"]
        assert len(run.spikes) == run.counters["spikes"] > 0


def test_a_die_has_the_values_of_the_command(chip: q.Chip, tmp_path: Path) -> None:
    command("die", "--chip", "dynapse2", "--die", "3", "--cv", "0.2", "--core", "1", "--csv", "d.csv", cwd=tmp_path)
    die = chip.die(3, cv=0.2)
    with (tmp_path / "d.csv").open() as file:
        rows = list(csv.DictReader(file))
    told = np.array([float(row["tau_mem_ms"]) for row in rows])
    np.testing.assert_allclose(die["tau_mem"][1], told, rtol=1e-8)
    assert die.unit("tau_mem") == "ms"
    assert die["tau_mem"].shape == chip.shape[1:]
    np.testing.assert_array_equal(die["tau_mem"], die.factors("tau_mem") * chip.parameters["tau_mem"]["value"])
    assert "tau_mem" in die.mismatched
    np.testing.assert_array_equal(chip.nominal().factors("tau_mem"), 1.0)


def test_a_chip_says_what_it_is() -> None:
    text = q.template("chip")
    assert repr(q.Chip.from_toml(text)) == 'Chip("mine": 1 x 4 cores of 32 neurons)'


def test_a_network_says_how_it_is_mapped(chip: q.Chip) -> None:
    text = q.template("network").replace("size = 64", "size = 128").replace("fixed-fan-in = 16", "fixed-fan-in = 80")
    refused(lambda: q.map(q.Network.from_toml(text, chip)), q.MappingError, "CAM")
    network = q.Network.from_toml(text + '\n[mapping]\nover_full = "prune"\n', chip)
    assert q.map(network).warnings
    refused(lambda: q.map(network, over_full="error"), q.MappingError, "CAM")


def test_threads_and_batches_change_nothing(chip: q.Chip, program: q.Program) -> None:
    dies = [chip.die(number, cv=0.2) for number in range(3)]
    inputs = [None, EVENTS, EVENTS[::2]]
    digests = []
    for threads in (1, 2, 5):
        runs = q.run_many(program, dies, inputs, ticks=50_000, threads=threads)
        digests.append([run.digest for run in runs])
    assert digests[0] == digests[1] == digests[2]
    alone = [q.run(program, die, events, ticks=50_000).digest for die in dies for events in inputs]
    assert digests[0] == alone
    # Without events nothing happens, on any die.
    assert len(set(alone)) == 7


def test_events_have_several_forms(chip: q.Chip, program: q.Program) -> None:
    die = chip.die()
    wanted = q.run(program, die, EVENTS, ticks=100_000).digest
    fields = np.array([tuple(event) for event in EVENTS], dtype=[("tick", "u4"), ("channel", "u1")])
    dense = np.zeros((200, 24), dtype=np.uint8)
    dense[np.arange(200), EVENTS[:, 1]] = 1
    for events in (EVENTS.tolist(), EVENTS.astype(np.uint32), fields, q.events_from_counts(dense, 500)):
        assert q.run(program, die, events, ticks=100_000).digest == wanted
    late = q.run(program, die, EVENTS, ticks=50_000)
    assert any("100 events are for ticks after the end of the run" in warning for warning in late.warnings)


def test_probes_are_read_in_their_unit(chip: q.Chip, program: q.Program) -> None:
    probe = {"pools": ["v", "i_NMDA"]}
    run = q.run(program, chip.die(), EVENTS, ticks=100_000, probe=probe, every=5_000)
    trace, (bits, fraction) = run.trace("pools", "v"), run.raw("pools", "v")
    assert trace.shape == bits.shape == (len(run.sampled), 2) == (20, 2)
    assert np.all(np.diff(run.sampled.astype(np.int64)) == 5_000)
    np.testing.assert_array_equal(trace, bits / 2.0**fraction)
    assert run.unit("pools", "v") == "1"
    assert np.any(run.trace("pools", "i_NMDA") > 0)


def test_spikes_rates_and_bins_agree(chip: q.Chip, program: q.Program) -> None:
    run = q.run(program, chip.die(1, cv=0.3), EVENTS, ticks=100_000)
    assert run.spikes.dtype == q.SPIKE
    assert np.all(np.diff(run.spikes["tick"].astype(np.int64)) >= 0)
    names = [name for name, _ in run.populations]
    for number, (name, size) in enumerate(run.populations):
        own = run.spikes[run.spikes["population"] == number]
        np.testing.assert_array_equal(np.bincount(own["neuron"], minlength=size), run.counts(name))
        np.testing.assert_allclose(run.rates(name), run.counts(name) / 0.1)
        bins = run.dense(name, 30_000)
        assert bins.shape == (4, size)
        np.testing.assert_array_equal(bins.sum(axis=0), run.counts(name))
    assert names == [name for name, _ in program.populations]


def test_programs_are_saved_and_read(chip: q.Chip, program: q.Program, tmp_path: Path) -> None:
    program.save(tmp_path / "p")
    again = q.Program.load(tmp_path / "p", chip)
    die = chip.die(2)
    assert q.run(again, die, EVENTS, ticks=20_000).digest == q.run(program, die, EVENTS, ticks=20_000).digest
    assert [core["neurons"] for core in q.report(program)["cores"]]
    with pytest.raises(ValueError, match="no report"):
        q.report(again)
    with pytest.raises(q.RunError, match="dynapse2"):
        q.Program.load(tmp_path / "p", q.Chip("ideal"))


def test_graphs_of_trained_nets_run(tmp_path: Path) -> None:
    file = ROOT / "tests/golden/nir/rockpool_lif.nir"
    told = json.loads(command("run", str(file), "--chip", "ideal", "--like", "rockpool", "--steps", "20", "--json", cwd=tmp_path))
    chip = q.Chip("ideal")
    network = q.from_nir(file, chip, like="rockpool")
    program = q.map(network)
    run = q.run(program, program.chip.die(), ticks=told["to_tick"])
    assert run.digest == told["digest"]
    # A die of the chip as it is without the clock of the network is the same.
    assert q.run(program, chip.die(), ticks=told["to_tick"]).digest == told["digest"]


def test_steps_are_a_run(chip: q.Chip, program: q.Program, tmp_path: Path) -> None:
    die = chip.die(3, seed=7, cv=0.2)
    whole = q.run(program, die, EVENTS, ticks=100_000, probe={"pools": ["v"]}, every=50_000)
    simulator = q.Simulator(program, die)
    spikes, lines = [], []
    for tick, channel in EVENTS:
        simulator.inject(int(channel), tick=int(tick))
        lines.append(f"inject {channel} 1 {tick}")
    for ticks in (1, 999, 49_000, 49_999, 1):
        spikes.append(simulator.step(ticks))
        lines.append(f"step {ticks}")
    assert simulator.now == 100_000 and simulator.digest == whole.digest
    np.testing.assert_array_equal(np.concatenate(spikes), whole.spikes)
    assert simulator.state("pools", "v").shape == (2,) and simulator.unit("pools", "v") == "1"
    words = ["lockstep", str(ROOT / "examples/network.toml"), "--chip", "dynapse2", "--die", "3", "--seed", "7", "--cv", "0.2"]
    done = subprocess.run(
        [sys.executable, "-m", "quenched", *words, "--quiet"],
        input="\n".join([*lines, "state pools v", "digest", "quit", ""]),
        capture_output=True,
        text=True,
    )
    told = done.stdout.splitlines()
    assert told[-3:] == [f"digest {whole.digest}", "ok", "ok"]
    assert sum(line.startswith("spike ") for line in told) == len(whole.spikes)
    [state] = [line for line in told if line.startswith("state ")]
    np.testing.assert_array_equal([float(value) for value in state.split()[2:]], simulator.state("pools", "v"))
    simulator.reset()
    assert simulator.now == 0
    refused(lambda: simulator.inject(24), q.RunError, "input channel 24 does not exist")
    refused(lambda: simulator.state("pools", "w"), q.RunError, "no quantity `w`")


def test_a_study_has_the_results_of_the_command(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text(q.template("study"))
    words = ["study", "s.toml", "--out", "out", "--quiet", "--set", "dies=2", "--set", "task.train=200", "--set", "cv=[0, 0.5]"]
    told = command(*words, cwd=tmp_path)
    study = q.Study(tmp_path / "s.toml", set={"dies": 2, "task.train": 200, "cv": [0, 0.5]})
    seen: list[tuple[int, int]] = []
    results = study.run(progress=lambda done, total: seen.append((done, total)), threads=2)
    assert seen[-1] == (study.runs, study.runs) and [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert results.csv == (tmp_path / "out/results.csv").read_text()
    assert results.text in told
    assert results.rows["score_float"].shape == (18,) and results.rows["recurrence"][0] == "full"
    assert results.controls is None and results.tuning is None
    assert any("n = 3 networks" in text for text in results.findings["memory-capacity"])
    results.page(tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text().startswith("<!doctype html>")
    assert results.manifest["title"] == study.title


def test_a_study_can_be_stopped_and_refused(tmp_path: Path) -> None:
    study = q.Study.from_toml(q.template("study"))

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        study.run(progress=stop)
    assert study.quick().runs < study.runs
    assert "heterogeneity" in q.Study.names()
    refused(lambda: q.Study("defualt"), q.FileError, "defualt")
    error = refused(lambda: q.Study("default", set={"redaout.filter": "5 ms"}), q.FileError, "redaout")
    assert isinstance(error, q.FileError) and error.errors
    refused(lambda: q.Study("default", set={"reservoir.neurons": 5000}).run(), q.RunError, "5000 neurons")


def test_what_is_wrong_is_said_with_its_fields(chip: q.Chip, program: q.Program) -> None:
    die = chip.die()
    error = refused(lambda: q.Network.from_toml(q.template("network").replace("seed", "sede"), chip), q.FileError)
    assert isinstance(error, q.FileError) and isinstance(error, q.QuenchedError)
    assert (error.errors[0]["line"], error.errors[0]["column"]) == (11, 1)
    assert "did you mean `seed`?" in error.errors[0]["help"]
    refused(lambda: q.Chip("dynapse3"), q.FileError, "did you mean `dynapse2`?")
    error = refused(lambda: die["tau_men"], q.UnknownNameError, "did you mean `tau_mem`?")
    assert isinstance(error, q.UnknownNameError) and error.name == "tau_men" and "tau_mem" in error.known
    text = q.template("network").replace("size = 64", "size = 128").replace("fixed-fan-in = 16", "fixed-fan-in = 80")
    error = refused(lambda: q.map(q.Network.from_toml(text, chip)), q.MappingError, "CAM")
    assert isinstance(error, q.MappingError) and error.resource == "CAM words of a neuron"
    assert any("prune" in str(way["what"]) or way["loss"] for way in error.ways_out)
    assert q.map(q.Network.from_toml(text, chip), over_full="prune").warnings
    refused(lambda: q.map(q.Network.from_toml(text, chip), over_full="prun"), ValueError, "`over_full` is", "`prune`")
    refused(lambda: q.map(q.Network.from_toml(text, chip), overfull="prune"), ValueError, "has no option `overfull`")
    refused(lambda: q.template("chop"), q.UnknownNameError, "did you mean `chip`?")
    refused(lambda: chip.ticks("0.5 us"), ValueError, "not a whole number of the ticks")
    refused(lambda: chip.die(cv=float("nan")), ValueError, "`cv` is NaN")
    refused(lambda: q.from_nir(ROOT / "tests/golden/nir/rockpool_lif.nir", chip, like="snntroch"), q.UnknownNameError, "did you mean `snntorch`?")
    other = q.Chip("ideal").die()
    refused(lambda: q.run(program, other, ticks=9), ValueError, "the die is of `ideal`")


@pytest.mark.parametrize(
    ("events", "text"),
    [
        ([[1.5, 0]], "dtype float64"),
        ([[1, 2, 3, 4]], r"shape \(1, 4\)"),
        ([1, 2, 3], r"shape \(3,\)"),
        ([[-1, 0]], "its tick is -1"),
        ([[0, -1]], "its channel is -1"),
        ([[0, 0, 1 << 40]], "its payload is 1099511627776"),
        (np.zeros(1, dtype=[("t", "i8"), ("x", "i8")]), "`tick`, `channel`"),
    ],
)
def test_what_is_no_list_of_events_is_refused(chip: q.Chip, program: q.Program, events: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        q.run(program, chip.die(), events, ticks=100)


def test_what_cannot_run_is_refused(chip: q.Chip, program: q.Program) -> None:
    die = chip.die()
    refused(lambda: q.run(program, die), ValueError, "`ticks` or as `duration`")
    refused(lambda: q.run(program, die, ticks=1, duration="1 ms"), ValueError, "`ticks` or as `duration`")
    refused(lambda: q.run(program, die, [[0, 24]], ticks=9), q.RunError, "input channel 24 does not exist")
    refused(lambda: q.run(program, die, ticks=9, probe={"pools": ["w"]}), q.RunError, "no quantity `w`")
    refused(lambda: q.run(program, die, ticks=9, probe={"pool": ["v"]}), q.RunError, "pool")
    run = q.run(program, die, ticks=9)
    refused(lambda: run.trace("pools", "v"), ValueError, "was not probed")
    refused(lambda: run.counts("pool"), q.UnknownNameError, "did you mean `pools`?")
    refused(lambda: run.dense("pools", 0), ValueError, "bin_ticks is 0")
    refused(lambda: q.events_from_counts(np.zeros((2, 2)), 5), ValueError, "dtype float64")


def test_every_public_name_is_documented() -> None:
    for name in q.__all__:
        if name.startswith("__") or name == "SPIKE":
            continue
        public = getattr(q, name)
        assert public.__doc__, name
        if isinstance(public, type) and not issubclass(public, Exception):
            own = [member for member in vars(public) if not member.startswith("_")]
            # Attributes are told of by their class.
            told = public.__doc__ or ""
            undocumented = [member for member in own if member not in told and not getattr(public, member).__doc__]
            assert not undocumented, f"{name}: {undocumented}"


@pytest.mark.parametrize("name", ["quenched", *(f"quenched.{info.name}" for info in pkgutil.iter_modules(q.__path__))])
def test_the_examples_of_the_docs_hold(name: str) -> None:
    if name == "quenched.torch":
        pytest.importorskip("torch")
    if name != "quenched.__main__":
        assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_the_command_fails_with_its_status(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "quenched", "chip", "nochip"], capture_output=True, text=True)
    assert done.returncode == 1 and "there is no chip `nochip`" in done.stderr
    done = subprocess.run([sys.executable, "-m", "quenched", "--version"], capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.startswith(f"quenched {q.__version__} (")
