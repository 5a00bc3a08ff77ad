"""Golden runs in pytest: ``def test_core(quenched_golden): quenched_golden.check(run, "core")``.

A golden run is a JSON with the digest of the run, the spikes of every population and what the run was, beside an archive
with its spikes. ``pytest --quenched-update`` writes them anew.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ._run import Run
from ._words import did_you_mean

#: What a golden file is called in itself.
FORMAT = "quenched-golden-run"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("quenched")
    group.addoption("--quenched-update", action="store_true", help="write golden runs of quenched anew")
    group.addoption("--quenched-goldens", metavar="DIR", help="where golden runs lie (`goldens` beside the test file)")


class Golden:
    """Golden runs of a test file.

    Attributes
    ----------
    directory : Path
        Where they lie.
    """

    def __init__(self, directory: Path, update: bool) -> None:
        self.directory = directory
        self._update = update

    def check(self, run: Run, name: str) -> None:
        """Fail unless the run is the golden run of this name, and say where they part.

        Parameters
        ----------
        run : Run
        name : str
            Letters, digits, ``_``, ``.`` and ``-``.

        Raises
        ------
        ValueError
            The name is none, or the golden file is damaged.
        AssertionError
            The runs differ, or there is no golden run yet.
        """
        if not re.fullmatch(r"[\w.-]+", name):
            raise ValueError(f"a golden run is called {name!r}; names have letters, digits, `_`, `.` and `-`")
        path = self.directory / f"{name}.json"
        if self._update:
            self._write(run, path)
            return
        __tracebackhide__ = True
        if not path.exists():
            known = sorted(file.stem for file in self.directory.glob("*.json"))
            help_ = f" ({did_you_mean(name, known, 'there are')})" if known else ""
            pytest.fail(f"there is no golden run {path}{help_}: write it with `pytest --quenched-update`", pytrace=False)
        golden = _read(path)
        if golden["digest"] == run.digest and golden["ticks"] == run.ticks:
            return
        pytest.fail(f"the run is not the golden run {path}:\n" + "\n".join(_differences(golden, path, run)), pytrace=False)

    def _write(self, run: Run, path: Path) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        golden = {
            "format": FORMAT,
            "version": 1,
            "digest": run.digest,
            "ticks": run.ticks,
            "spikes": {population: int(run.counts(population).sum()) for population, _ in run.populations},
            "counters": run.counters,
        }
        path.write_text(json.dumps(golden, indent=2) + "\n", encoding="utf-8")
        np.savez_compressed(path.with_suffix(".npz"), spikes=run.spikes)

    def __repr__(self) -> str:
        return f"Golden({str(self.directory)!r})"


def _read(path: Path) -> dict[str, Any]:
    try:
        golden = json.loads(path.read_text(encoding="utf-8"))
        if golden["format"] != FORMAT or golden["version"] != 1:
            raise ValueError(f"it is {golden['format']!r} of version {golden['version']}, and not {FORMAT!r} of version 1")
        return {key: golden[key] for key in ("digest", "ticks", "spikes", "counters")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path}: this is no golden run ({error}); `pytest --quenched-update` writes it anew") from None


def _differences(golden: dict[str, Any], path: Path, run: Run) -> list[str]:
    """What differs, from the coarse to the first spike."""
    lines = [f"  digest {run.digest}, golden {golden['digest']}"]
    if golden["ticks"] != run.ticks:
        lines.append(f"  {run.ticks} ticks, golden {golden['ticks']}")
    for population, _ in run.populations:
        now, then = int(run.counts(population).sum()), golden["spikes"].get(population)
        if now != then:
            lines.append(f"  `{population}`: {now} spikes, golden {'none such' if then is None else then}")
    for name, now in run.counters.items():
        then = golden["counters"].get(name)
        if now != then:
            lines.append(f"  {name}: {now}, golden {then}")
    archive = path.with_suffix(".npz")
    if archive.exists():
        with np.load(archive) as arrays:
            lines.append(_first(arrays["spikes"], run))
    return lines


def _first(golden: np.ndarray[Any, Any], run: Run) -> str:
    """The first spike in which two runs differ."""
    spikes = run.spikes
    shared = min(len(golden), len(spikes))
    different = np.flatnonzero(golden[:shared] != spikes[:shared])
    if len(different) == 0 and len(golden) == len(spikes):
        return "  every spike is the same: what differs is the state after them"
    at = int(different[0]) if len(different) else shared

    def words(all_of: np.ndarray[Any, Any]) -> str:
        if at >= len(all_of):
            return "none"
        spike = all_of[at]
        names = [name for name, _ in run.populations]
        number = int(spike["population"])
        name = names[number] if number < len(names) else f"population {number}"
        return f"tick {spike['tick']}, neuron {spike['neuron']} of `{name}`"

    return f"  the first spike that differs is number {at}: {words(spikes)}; golden: {words(golden)}"


@pytest.fixture
def quenched_golden(request: pytest.FixtureRequest) -> Golden:
    """Golden runs, in the folder `goldens` beside the test file."""
    chosen = request.config.getoption("--quenched-goldens")
    directory = Path(chosen) if chosen else request.path.parent / "goldens"
    return Golden(directory, bool(request.config.getoption("--quenched-update")))
