"""Networks by hand and from elsewhere, and the same digests as the command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import quenched as q
from common import ROOT, command, refused

GOLDEN = ROOT / "tests/golden"


@pytest.fixture(scope="module")
def chip() -> q.Chip:
    return q.Chip("dynapse2")


def built(chip: q.Chip) -> q.Network:
    net = q.Network(chip, seed=3)
    x = net.input("in", 10, poisson="200 Hz")
    e = net.population("E", 40, tau_mem="20 ms")
    i = net.population("I", 12, tau_mem=10)
    net.connect(x, e, weights=np.random.default_rng(1).normal(0.3, 0.2, (40, 10)))
    net.connect(e, i, weight=q.uniform(0.05, 0.2), prob=0.3)
    net.connect(i, e, weight=-0.2, fan_in=4)
    net.connect(e[0:12], i, weight="0.1 threshold", one_to_one=True, name="own")
    return net


def test_a_network_by_hand_is_its_file(chip: q.Chip, tmp_path: Path) -> None:
    net = built(chip)
    assert net.populations == [("E", 40), ("I", 12)] and net.inputs == [("in", 10)]
    net.save(tmp_path / "net.toml")
    told = json.loads(command("run", "net.toml", "--chip", "dynapse2", "--die", "2", "--cv", "0.2", "--time", "200ms", "--json", cwd=tmp_path))
    run = q.run(q.map(net), chip.die(2, cv=0.2), duration="200 ms")
    assert run.digest == told["digest"] and run.counts("I").sum() > 0
    again = q.Network.load(tmp_path / "net.toml", chip)
    assert again.connections == net.connections
    assert q.run(q.map(again), chip.die(2, cv=0.2), duration="200 ms").digest == run.digest


def test_sparse_weights_are_dense_ones(chip: q.Chip) -> None:
    sparse = pytest.importorskip("scipy.sparse")
    random = np.random.default_rng(2)
    weights = np.where(random.random((20, 8)) < 0.3, random.normal(0, 0.2, (20, 8)), 0.0)
    digests = set()
    for given in (weights, sparse.coo_array(weights), sparse.csr_matrix(weights), weights.tolist()):
        net = q.Network(chip)
        x, e = net.input("in", 8, regular=100), net.population("E", 20)
        net.connect(x, e, weights=given)
        assert net.connections == np.count_nonzero(weights)
        digests.add(q.run(q.map(net), chip.die(1), duration="50 ms").digest)
    assert len(digests) == 1


def test_laws_and_delays(chip: q.Chip) -> None:
    ideal = q.Chip("ideal")
    net = q.Network(ideal, seed=1)
    x = net.input("in", 4, regular="100 Hz")
    e = net.population("E", 6, v_threshold=np.linspace(5, 15, 6))
    net.connect(x, e, weight=q.normal(20, 2), unit="mV", delay=q.uniform(1, 9), synapse="delta")
    net.connect(e, e, weight=1, unit="mV", delay="2 ms", inhibitory=0.5)
    assert q.run(q.map(net), ideal.die(), duration="100 ms").counts("E").sum() > 0
    assert "delay" in net.to_toml() and repr(net) == 'Network(6 neurons, 2 projections, for "ideal")'


def test_what_is_no_network_is_refused(chip: q.Chip) -> None:
    net = q.Network(chip)
    x, e = net.input("in", 10), net.population("E", 40)
    refused(lambda: net.connect(x, e, weights=np.zeros((10, 40)) + 1), ValueError, "shape (10, 40)", "(40, 10), (post, pre)", "transpose")
    refused(lambda: net.connect(x, e, weights=np.zeros((40, 9))), ValueError, "shape (40, 9)")
    refused(lambda: net.connect(x, e, weights=np.zeros((40, 10))), ValueError, "no connection")
    wrong = np.ones((40, 10))
    wrong[3, 4] = np.nan
    refused(lambda: net.connect(x, e, weights=wrong), ValueError, "[3, 4] is nan")
    refused(lambda: net.connect(x, e, weights=np.full((40, 10), "a")), ValueError, "they are numbers")
    refused(lambda: net.connect(x, e), ValueError, "`weights`", "`weight`")
    refused(lambda: net.connect(x, e, weight=1, prob=0.1, fan_in=3), ValueError, "`prob` and `fan_in`")
    refused(lambda: net.connect(e, x, weight=1), ValueError, "is an input")
    refused(lambda: net.connect("inn", e, weight=1), q.UnknownNameError, "did you mean `in`?")
    refused(lambda: net.connect(x, e, weight=1, synapse="AMPB"), q.UnknownNameError, "did you mean `AMPA`?")
    refused(lambda: net.population("E", 3), ValueError, "already")
    refused(lambda: net.population("F", 0), ValueError, "1 member or more")
    refused(lambda: net.population("F", 3, tau_mme=1), q.UnknownNameError, "did you mean `tau_mem`?")
    refused(lambda: net.population("F", 3, tau_mem=[1, 2]), ValueError, "3 of them")
    refused(lambda: net.population("F", 3, model="lief"), q.UnknownNameError, "did you mean `lif`?")
    refused(lambda: net.input("y", 3, poisson=1, regular=1), ValueError, "not both")
    refused(lambda: e[40], IndexError, "no number 40")
    refused(lambda: e[3:3], ValueError, "behind each other")
    net.connect(x, e, weight=0.1, unit="ms", name="odd")
    refused(lambda: q.map(net), q.FileError, "odd")
    made: Any = "dynapse2"
    refused(lambda: q.Network(made), ValueError, "not for a str")
    loaded = q.Network.load(ROOT / "examples/network.toml", chip)
    refused(lambda: loaded.population("F", 3), ValueError, "as it is")


@pytest.mark.parametrize("file", sorted(GOLDEN.glob("nir/*.nir")), ids=lambda file: file.stem)
def test_graphs_have_the_digest_of_the_command(file: Path, tmp_path: Path) -> None:
    like = next((name for key, name in {"norse": "norse", "rockpool": "rockpool", "sinabs": "sinabs", "snn": "snntorch"}.items() if file.stem.startswith(key)), "euler")
    chip = q.Chip("ideal")
    network = q.from_nir(file, chip, like=like)
    program = q.map(network)
    channels = sum(size for _, size in program.inputs)
    ticks = 30 * program.chip.step_ticks
    random = np.random.default_rng(1)
    events = np.stack([np.arange(30) * program.chip.step_ticks, random.integers(0, channels, 30)], axis=1)
    (tmp_path / "events.csv").write_text("tick,channel\n" + "".join(f"{tick},{channel}\n" for tick, channel in events))
    words = ["run", str(file), "--chip", "ideal", "--like", like, "--ticks", str(ticks), "--input", "events.csv", "--json"]
    told = json.loads(command(*words, cwd=tmp_path))
    assert q.run(program, program.chip.die(), events, ticks=ticks).digest == told["digest"]


CASES = sorted(file for family in ("dynapsim", "loihi", "xylo") for file in (GOLDEN / family).glob("*.json"))


@pytest.mark.parametrize("file", CASES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_golden_cases_have_the_digest_of_the_command(file: Path, tmp_path: Path) -> None:
    import subprocess
    import sys

    done = subprocess.run([sys.executable, "-m", "quenched", "run", str(file), "--json"], cwd=tmp_path, capture_output=True, text=True)
    names = {"dynapsim": "dynapse2", "loihi": "loihi-lava", "xylo": "xylo-audio2"}
    if done.returncode != 0:
        # A case that is no network for the command is none here.
        refused(lambda: q.Network.from_case(file, q.Chip(names[file.parent.name])), q.QuenchedError)
        return
    told = json.loads(done.stdout)
    chip = q.Chip(told["chip"])
    network = q.Network.from_case(file, chip)
    assert network.recorded is not None
    _, events = network.recorded
    run = q.run(q.map(network), chip.die(), events, ticks=told["to_tick"])
    assert run.digest == told["digest"]


def test_graphs_in_memory_are_files(tmp_path: Path) -> None:
    nir = pytest.importorskip("nir")
    chip, ones = q.Chip("ideal"), np.ones(3)
    graph = nir.NIRGraph.from_list(
        nir.Affine(weight=np.full((3, 2), 0.5), bias=0.2 * ones),
        nir.LIF(tau=0.02 * ones, r=ones, v_leak=0 * ones, v_threshold=0.1 * ones, v_reset=0 * ones),
    )
    file = tmp_path / "graph.nir"
    nir.write(str(file), graph)
    digests = set()
    for source in (graph, file, str(file), file.read_bytes()):
        program = q.map(q.from_nir(source, chip, dt=1e-3, reset="zero"))
        run = q.run(program, chip.die(), [[0, 0], [40, 1]], ticks=500)
        assert run.counters["spikes"] > 0
        digests.add(run.digest)
    assert len(digests) == 1
    assert q.run(q.map(q.from_nir(graph, chip, dt=1e-3, reset="subtract")), chip.die(), [[0, 0], [40, 1]], ticks=500).digest not in digests


def test_programs_become_graphs(tmp_path: Path) -> None:
    file, chip = GOLDEN / "nir/rockpool_lif.nir", q.Chip("ideal")
    program = q.map(q.from_nir(file, chip, like="rockpool"))
    held = q.to_nir(program, tmp_path / "held.nir")
    command("map", str(file), "--chip", "ideal", "--like", "rockpool", "--nir", "told.nir", cwd=tmp_path)
    assert held.data == (tmp_path / "held.nir").read_bytes() == (tmp_path / "told.nir").read_bytes()
    again = q.map(q.from_nir(held.data, chip, like="rockpool"))
    assert q.run(again, chip.die(), ticks=500).digest == q.run(program, chip.die(), ticks=500).digest
    nir = pytest.importorskip("nir")
    assert isinstance(held.graph(), nir.NIRGraph)


def test_what_is_no_graph_is_refused(chip: q.Chip, tmp_path: Path) -> None:
    (tmp_path / "x.nir").write_bytes(b"no")
    refused(lambda: q.from_nir(tmp_path / "x.nir", chip), q.FileError, "no HDF5 file")
    refused(lambda: q.from_nir(tmp_path / "y.nir", chip), q.FileError, "y.nir")
    refused(lambda: q.from_nir(7, chip), ValueError, "not a int")
    refused(lambda: q.from_nir(GOLDEN / "nir/rockpool_lif.nir", chip, like="rokpool"), q.UnknownNameError, "did you mean `rockpool`?")
    refused(lambda: q.from_nir(GOLDEN / "nir/rockpool_lif.nir", q.Chip("ideal"), reset="never"), q.FileError, "reset")
    program = q.map(q.Network.load(ROOT / "examples/network.toml", chip))
    refused(lambda: q.to_nir(program), ValueError, "from_nir")
    refused(lambda: q.Network.from_case(ROOT / "examples/network.toml", chip), q.FileError, "no golden case")
