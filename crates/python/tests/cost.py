"""What Python adds to the kernel: `python crates/python/tests/cost.py [SAMPLES]`.

Prints how much of `run_many` over many samples is spent in the emulator, and what a call costs. No test: times are for
reading.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np

import quenched as q


def network(chip: q.Chip) -> q.Network:
    """A net of the size of the one that `examples/nmnist` runs: 2312 inputs of a sensor, 200 hidden neurons, 10 outputs."""
    random = np.random.default_rng(1)
    net = q.Network(chip)
    x, hidden, out = net.input("in", 2312), net.population("hidden", 200), net.population("out", 10)
    net.connect(x, hidden, weights=random.normal(0, 0.15, (200, 2312)).round(3))
    net.connect(hidden, out, weights=random.normal(0, 0.4, (10, 200)).round(3))
    return net


def per_call(call: Callable[[], object], times: int = 20_000) -> float:
    """Microseconds of a call."""
    call()
    # Of the processor, which may have other work too.
    start = time.process_time()
    for _ in range(times):
        call()
    return (time.process_time() - start) / times * 1e6


def main() -> None:
    samples = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    chip = q.Chip("ideal")
    start = time.perf_counter()
    program = q.map(network(chip))
    print(f"mapping, once: {time.perf_counter() - start:.2f} s")
    random = np.random.default_rng(2)
    # About as many events as a sample of N-MNIST has, in 300 ms.
    inputs = [np.stack([np.sort(random.integers(0, 300, 4000)), random.integers(0, 2312, 4000)], axis=1) for _ in range(samples)]
    die = chip.die()
    start, busy = time.perf_counter(), time.process_time()
    runs = q.run_many(program, [die], inputs, ticks=310, threads=1)
    wall, busy = time.perf_counter() - start, time.process_time() - busy
    kernel = sum(run._native._took for run in runs)
    print(f"run_many over {samples} samples: {wall:.2f} s, {kernel:.2f} s of it in the emulator, which takes its events and runs ({100 * kernel / wall:.1f} %)")
    # The same without events and without a run to speak of: what is beside the emulator, whatever else the machine does.
    start = time.process_time()
    q.run_many(program, [die], [events[:0] for events in inputs], ticks=1, threads=1)
    beside = time.process_time() - start
    print(f"  of the processor {busy:.2f} s; {beside / samples * 1e6:.0f} us a sample without events and run")
    run, small = runs[0], q.Network(chip)
    small.connect(small.input("in", 1), small.population("E", 1), weight=0.1)
    tiny = q.map(small)
    simulator = q.Simulator(tiny, die)

    def inject_and_step() -> None:
        simulator.inject(0)
        simulator.step(1)

    for name, call in (
        ("run.digest", lambda: run.digest),
        ('run.counts("out")', lambda: run.counts("out")),
        ("run.counters", lambda: run.counters),
        ("simulator.step(1)", lambda: simulator.step(1)),
        ("simulator.inject(0), simulator.step(1)", inject_and_step),
        ('simulator.state("E", "v")', lambda: simulator.state("E", "v")),
        ("chip.tick", lambda: chip.tick),
        ("run(tiny, die, ticks=1)", lambda: q.run(tiny, die, ticks=1)),
    ):
        print(f"{name}: {per_call(call, 2000 if 'run(' in name else 20_000):.1f} us")


if __name__ == "__main__":
    main()
