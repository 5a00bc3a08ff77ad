"""Chips with other numbers, measured dies, mapping for one die, and what notebooks show of them."""

from __future__ import annotations

import re
from html.parser import HTMLParser
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
def network(chip: q.Chip) -> q.Network:
    return q.Network.load(ROOT / "examples/network.toml", chip)


def test_single_numbers_are_replaced(chip: q.Chip) -> None:
    made = chip.replace(tau_mem=q.Mismatch(0.5, "gamma"), v_threshold=None, weights=0.3)
    assert (made.parameters["tau_mem"]["cv"], made.parameters["tau_mem"]["family"]) == (0.5, "gamma")
    assert made.parameters["v_threshold"]["cv"] is None and made.weight_mismatch == (0.3, chip.weight_mismatch[1] if chip.weight_mismatch else "normal")
    assert chip.parameters["tau_mem"]["cv"] != 0.5, "the chip itself is as it was"
    spread = made.die()["tau_mem"]
    assert 0.4 < spread.std() / spread.mean() < 0.6
    np.testing.assert_array_equal(made.die().factors("v_threshold"), 1.0)
    assert chip.replace(tau_mem="25 ms").nominal()["tau_mem"][0, 0] == 25.0


def test_one_parameter_alone_differs_as_the_command_has_it(chip: q.Chip, tmp_path: Path) -> None:
    import csv

    die = chip.only("tau_mem", cv=0.5).die(3)
    command("die", "--chip", "dynapse2", "--die", "3", "--only", "tau_mem", "--cv", "tau_mem=0.5", "--core", "1", "--csv", "d.csv", cwd=tmp_path)
    with (tmp_path / "d.csv").open() as file:
        told = [float(row["tau_mem_ms"]) for row in csv.DictReader(file)]
    np.testing.assert_allclose(die["tau_mem"][1], told, rtol=1e-8)
    for name in chip.parameters:
        if name != "tau_mem":
            assert np.all(die.factors(name) == 1.0)


def test_dies_of_a_chip_with_other_mismatch_run_its_programs(chip: q.Chip, network: q.Network) -> None:
    program = q.map(network)
    wide, nominal = chip.replace(tau_mem=0.5).die(2), chip.die(2)
    digests = [q.run(program, die, EVENTS, ticks=20_000).digest for die in (wide, nominal)]
    assert digests[0] != digests[1]
    slower = chip.replace(tau_mem="30 ms").die(2)
    refused(lambda: q.run(program, slower, EVENTS, ticks=9), ValueError, "other numbers")
    refused(lambda: q.Simulator(program, slower), ValueError, "other numbers")


def test_what_cannot_be_replaced_is_refused(chip: q.Chip) -> None:
    refused(lambda: chip.replace(tau_mme=0.1), q.UnknownNameError, "did you mean `tau_mem`?")
    refused(lambda: chip.replace(tau_mem="30 mV"), ValueError, "tau_mem")
    refused(lambda: chip.replace(tau_mem="thirty"), ValueError, "`tau_mem`: `thirty` is no value with a unit")
    refused(lambda: chip.replace(tau_mem=-0.5), ValueError, "tau_mem")
    refused(lambda: chip.replace(tau_mem=q.Mismatch(0.1, "gama")), q.UnknownNameError, "did you mean `gamma`?")
    wrong: Any = [0.1]
    refused(lambda: chip.replace(tau_mem=wrong), ValueError, "`tau_mem` is a list")
    refused(lambda: chip.only("tau_mme"), q.UnknownNameError, "did you mean `tau_mem`?")
    refused(lambda: q.Chip("ideal").only("v_threshold"), ValueError, "`cv`")
    refused(lambda: chip.die()["tau_mme"], q.UnknownNameError, "did you mean `tau_mem`?")
    refused(lambda: chip.die(-1), OverflowError)


def test_measured_dies_are_what_was_measured(chip: q.Chip, network: q.Network, tmp_path: Path) -> None:
    drawn = chip.die(3, cv=0.2)
    for ending in ("csv", "npz"):
        drawn.save(tmp_path / f"d.{ending}")
        again = chip.load_die(tmp_path / f"d.{ending}")
        program = q.map(network)
        assert q.run(program, again, EVENTS, ticks=20_000).digest == q.run(program, drawn, EVENTS, ticks=20_000).digest
        assert again.number is None and "measured" in repr(again)
    tau = np.full((4, 256), np.nan)
    tau[1, :2] = [10.0, 40.0]
    faults = np.zeros((4, 256), dtype=int)
    faults[2, 5] = 1
    die = chip.die_from({"tau_mem": tau}, factors={"v_threshold": np.full((4, 256), 1.1)}, faults=faults)
    assert die["tau_mem"][1, :3].tolist() == [10.0, 40.0, chip.parameters["tau_mem"]["value"]]
    np.testing.assert_allclose(die.factors("v_threshold"), 1.1)
    assert die.faults[2, 5] == 1 and die.faults.sum() == 1
    assert die.to_table("tau_mem").where(core=1, neuron=1)["tau_mem"].tolist() == [40.0]


def test_what_was_not_measured_so_is_refused(chip: q.Chip, tmp_path: Path) -> None:
    refused(lambda: chip.die_from({"tau_mem": np.zeros((4, 255))}), ValueError, "shape (4, 255)", "(4, 256)")
    refused(lambda: chip.die_from({"tau_mme": np.ones((4, 256))}), q.UnknownNameError, "did you mean `tau_mem`?")
    ones = np.ones((4, 256))
    refused(lambda: chip.die_from({"tau_mem": ones}, factors={"tau_mem": ones}), ValueError, "give one of them")
    refused(lambda: chip.die_from(faults=ones * 3), ValueError, "0 (whole), 1 (dead) or 2 (hot)")
    refused(lambda: chip.load_die(tmp_path / "none.csv"), q.FileError, "none.csv")
    refused(lambda: chip.die().save(tmp_path / "d.json"), ValueError, ".csv or .npz")
    (tmp_path / "d.csv").write_text("core,neuron,tau_mme\n0,0,1\n")
    refused(lambda: chip.load_die(tmp_path / "d.csv"), q.FileError, "tau_mem")


def test_a_mapping_is_for_one_die(chip: q.Chip, network: q.Network, tmp_path: Path) -> None:
    die = chip.die(3, seed=7, cv=0.4)
    program = q.map(network, die=die)
    assert program.made_for == "die 3 of seed 7 at CV 0.4"
    words = ["map", str(ROOT / "examples/network.toml"), "--chip", "dynapse2", "--die", "3", "--seed", "7", "--cv", "0.4"]
    command(*words, "--out", "p", cwd=tmp_path)
    told = q.Program.load(tmp_path / "p", chip)
    assert q.run(program, die, EVENTS, ticks=20_000).digest == q.run(told, die, EVENTS, ticks=20_000).digest
    other = q.run(program, chip.die(4, seed=7, cv=0.4), EVENTS, ticks=20_000)
    assert any("made for die 3 of seed 7" in line for line in other.warnings)
    refused(lambda: q.map(network, die=q.Chip("ideal").die()), ValueError, "the die is of `ideal`")
    refused(lambda: q.map(network, q.Chip("ideal")), ValueError, "was made for chip `dynapse2`")


def test_refusals_have_numbers(chip: q.Chip) -> None:
    text = q.template("network").replace("size = 64", "size = 128").replace("fixed-fan-in = 16", "fixed-fan-in = 80")
    error = refused(lambda: q.map(q.Network.from_toml(text, chip)), q.MappingError)
    assert isinstance(error, q.MappingError)
    assert error.resource == "CAM words of a neuron" and error.limit == 64 and error.needed is not None and error.needed > 64
    assert error.where is not None and re.fullmatch(r"neuron \d+ of `reservoir`", error.where)
    big = q.Network(chip)
    big.connect(big.input("x", 1), big.population("E", 1100), weight=0.5)
    error = refused(lambda: q.map(big, chips=1), q.MappingError)
    assert isinstance(error, q.MappingError)
    assert (error.needed, error.limit, error.where) == (1100, 1024, "population `E`")
    assert error.resource == "neuron circuits of the board, or of a layer"


def test_wishes_are_beside_what_is_held(chip: q.Chip) -> None:
    net = q.Network(chip)
    x, e = net.input("x", 6), net.population("E", 5)
    asked = np.random.default_rng(1).normal(0, 0.3, (5, 6)).round(3)
    net.connect(x, e, weights=asked)
    wished, held = q.map(net).weights("x", "E")
    threshold = 1.0
    np.testing.assert_allclose(wished, asked * threshold, atol=1e-6)
    assert held.shape == (5, 6) and 0 < np.abs(held - wished).max() < 0.2
    refused(lambda: q.map(net).weights("x", "e"), q.UnknownNameError, "did you mean `E`?")
    refused(lambda: q.map(net).weights("y", "E"), q.UnknownNameError)


class Tags(HTMLParser):
    """Whether tags are balanced, and which addresses a page asks for."""

    VOID = {"br", "meta", "link", "img", "input", "rect", "line", "path", "polyline"}

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, tag


def page(thing: Any) -> str:
    html: str = thing._repr_html_()
    tags = Tags()
    tags.feed(html)
    assert not tags.open and not tags.addresses, (tags.open, tags.addresses)
    assert "http" not in re.sub(r"<td[^>]*>.*?</td>", "", html)
    return html


def test_notebooks_show_chips_dies_programs_and_runs(chip: q.Chip, network: q.Network, tmp_path: Path) -> None:
    text = q.template("chip").replace('summary = "Four', 'summary = "<i>& Four')
    html = page(q.Chip.from_toml(text))
    assert "<b>mine</b>: &lt;i&gt;&amp; Four cores" in html and "20 ms" in html and "assumed" in html
    assert "tau_mem" in page(chip) and "limits" in page(chip)
    html = page(chip.die(3, cv=0.3))
    assert html.count("<rect") > 1024 and "lowest" in html
    assert "nothing differs" in page(chip.nominal())
    for name in q.Chip.names():
        page(q.Chip(name))
        page(q.Chip(name).die())
    program = q.map(network)
    assert "recurrent" in page(program)
    program.save(tmp_path / "p")
    assert "no report" in page(q.Program.load(tmp_path / "p", chip))
    run = q.run(program, chip.die(1), EVENTS, ticks=100_000, probe={"pools": ["v"]}, every=1_000)
    html = page(run)
    assert "<path" in html and "<polyline" in html and run.digest in html
    page(q.run(program, chip.die(1), ticks=10))


def test_a_notebook_shows_a_study(tmp_path: Path) -> None:
    study = q.Study.from_toml(q.template("study"), set={"task.train": 200, "task.test": 100, "networks": 1, "cv": [0, 0.5]})
    html = page(study.run())
    assert "memory-capacity" in html and "findings" in html


def test_a_die_is_drawn(chip: q.Chip) -> None:
    plt = pytest.importorskip("matplotlib.pyplot")
    _, ax = plt.subplots()
    assert chip.die(1, cv=0.2).plot("tau_mem", ax) is ax and ax.images
    refused(lambda: chip.die(1).plot("tau_mme"), q.UnknownNameError, "did you mean `tau_mem`?")
    plt.close("all")
    frame = pytest.importorskip("pandas").DataFrame
    assert isinstance(chip.die(1).to_frame("tau_mem"), frame)
