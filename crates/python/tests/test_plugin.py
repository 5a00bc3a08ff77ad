"""Golden runs in pytest."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

TEST = """
import numpy as np
import quenched as q

def run(seed):
    chip = q.Chip("dynapse2")
    net = q.Network(chip)
    x, e = net.input("in", 4, regular="200 Hz"), net.population("E", 8)
    net.connect(x, e, weight=0.9)
    return q.run(q.map(net), chip.die(1, seed=seed, cv=0.3), duration="50 ms")

def test_core(quenched_golden):
    quenched_golden.check(run(SEED), "core")
"""


def outcome(pytester: pytest.Pytester, seed: int, *words: str) -> pytest.RunResult:
    pytester.makepyfile(test_it=TEST.replace("SEED", str(seed)))
    return pytester.runpytest_subprocess(*words)


def test_a_golden_run_is_written_met_and_missed(pytester: pytest.Pytester) -> None:
    missing = outcome(pytester, 1)
    missing.assert_outcomes(failed=1)
    missing.stdout.fnmatch_lines(["*there is no golden run *goldens/core.json: write it with `pytest --quenched-update`*"])
    outcome(pytester, 1, "--quenched-update").assert_outcomes(passed=1)
    golden = Path(pytester.path) / "goldens/core.json"
    held = json.loads(golden.read_text())
    assert held["spikes"]["E"] > 0 and golden.with_suffix(".npz").exists()
    outcome(pytester, 1).assert_outcomes(passed=1)
    missed = outcome(pytester, 2)
    missed.assert_outcomes(failed=1)
    missed.stdout.fnmatch_lines(["*the run is not the golden run*", "*digest *", "*the first spike that differs is number *"])
    golden.write_text(golden.read_text().replace("quenched-golden-run", "other"))
    damaged = outcome(pytester, 1)
    damaged.assert_outcomes(failed=1)
    damaged.stdout.fnmatch_lines(["*this is no golden run*writes it anew*"])


def test_goldens_may_lie_elsewhere(pytester: pytest.Pytester) -> None:
    outcome(pytester, 1, "--quenched-update", "--quenched-goldens", "here").assert_outcomes(passed=1)
    assert (Path(pytester.path) / "here/core.json").exists()
    outcome(pytester, 1, "--quenched-goldens", "here").assert_outcomes(passed=1)


def test_names_are_names(quenched_golden: object) -> None:
    from quenched._pytest import Golden

    assert isinstance(quenched_golden, Golden) and quenched_golden.directory.name == "goldens"
    golden = quenched_golden
    with pytest.raises(ValueError, match="letters, digits"):
        golden.check(None, "../core")  # type: ignore[arg-type]
