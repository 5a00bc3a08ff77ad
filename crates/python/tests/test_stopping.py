"""Ctrl-C within a second, and what a call costs beside the kernel."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

#: What may take hours, with a word when it begins.
LONG = {
    "one run": "q.run(program, die, ticks=10**12)",
    "many runs": "q.run_many(program, [die] * 4, ticks=10**12)",
    "a simulator": "q.Simulator(program, die).step(10**12)",
    "scores": "q.score(program, [[[0, 0]]] * 2, [0, 1], dies=2, ticks=10**12)",
}


@pytest.mark.parametrize("what", LONG)
@pytest.mark.skipif(os.name == "nt", reason="there is no SIGINT for a process")
def test_ctrl_c_is_heard_within_a_run(what: str) -> None:
    code = f"""
import quenched as q
chip = q.Chip("dynapse2")
net = q.Network(chip)
x, e = net.input("in", 2, poisson="500 Hz"), net.population("E", 2)
net.connect(x, e, weight=0.9)
program, die = q.map(net), chip.die()
print("now", flush=True)
try:
    {LONG[what]}
except KeyboardInterrupt:
    print("heard", flush=True)
"""
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    try:
        assert child.stdout.readline() == "now\n"
        time.sleep(0.5)
        child.send_signal(signal.SIGINT)
        rest, _ = child.communicate(timeout=30)
        assert rest == "heard\n" and child.returncode == 0
    finally:
        child.kill()
