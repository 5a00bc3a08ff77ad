"""A layer whose forward pass is a die. Skipped where torch is not installed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import quenched as q
from common import refused

torch: Any = pytest.importorskip("torch")


def layer(**changes: Any) -> Any:
    from quenched.torch import OnDie

    chip = q.Chip("dynapse2")
    net = q.Network(chip)
    x, e = net.input("in", 6), net.population("E", 4)
    net.connect(x, e, weights=np.random.default_rng(1).uniform(0.2, 0.8, (4, 6)))
    return OnDie(q.map(net), chip.die(2, cv=0.3), step_ticks=1000, **changes)


def test_forward_is_the_die() -> None:
    made = layer()
    counts = torch.tensor(np.random.default_rng(2).integers(0, 2, (3, 50, 6)), dtype=torch.float32)
    spikes = made(counts)
    assert spikes.shape == (3, 50, 4) and spikes.sum() > 0
    for sample in range(3):
        events = q.events_from_counts(counts[sample].numpy().astype(int), 1000)
        run = q.run(made.program, made.die, events, ticks=50_000)
        np.testing.assert_array_equal(spikes[sample].detach().numpy(), run.dense("E", 1000))


@pytest.mark.parametrize("surrogate", ["atan", "sigmoid", "triangle"])
def test_backward_is_a_surrogate(surrogate: str) -> None:
    made = layer(surrogate=surrogate)
    counts = torch.tensor(np.random.default_rng(3).integers(0, 2, (2, 40, 6)), dtype=torch.float32, requires_grad=True)
    made(counts).sum().backward()
    assert made.weight.grad.shape == (4, 6) and torch.all(made.weight.grad >= 0) and made.weight.grad.sum() > 0
    assert counts.grad.shape == counts.shape
    # An output that nobody asks for has no gradient.
    made.zero_grad()
    made(counts)[:, :, 1].sum().backward()
    assert made.weight.grad[1].sum() > 0 and made.weight.grad[[0, 2, 3]].sum() == 0


def test_what_is_no_layer_is_refused() -> None:
    refused(lambda: layer(surrogate="atam"), ValueError, "did you mean `atan`?")
    refused(lambda: layer(output="F"), q.UnknownNameError)
    made = layer()
    refused(lambda: made(torch.zeros(2, 3)), ValueError, "(batch, steps, 6)")
    refused(lambda: made(torch.full((1, 2, 6), 0.5)), ValueError, "whole numbers")
    chip = q.Chip("dynapse2")
    other = q.Network(chip)
    other.connect(other.input("in", 2), other.population("E", 2), weight=0.5)
    refused(lambda: made.remap(q.map(other)), ValueError, "other inputs")
