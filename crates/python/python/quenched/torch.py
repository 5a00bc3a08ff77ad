"""A layer whose forward pass is a die, and whose backward pass is a surrogate: training in the loop. Needs torch.

The forward pass is what the chip does, in its integers: a spike or none. The backward pass is that of a network of the
same weights in floats: leaky membranes with a reset, and a smooth slope in place of the threshold. Weights that are
trained so are those that were mapped; :meth:`OnDie.program_weights` says what the chip holds of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from . import _native
from ._optional import need
from ._run import run_many

torch: Any = need("torch", "quenched.torch")

#: Slopes in place of the threshold, of the distance of the voltage from it (1 is the threshold), by name.
SURROGATES = ("atan", "sigmoid", "triangle")


def _slope(name: str, x: Any, width: float) -> Any:
    if name == "atan":
        return width / 2 / (1 + (torch.pi / 2 * width * x) ** 2)
    if name == "sigmoid":
        s = torch.sigmoid(width * x)
        return width * s * (1 - s)
    return width * torch.clamp(1 - (width * x).abs(), min=0)


class _Pass(torch.autograd.Function):  # type: ignore[misc, name-defined, unused-ignore]
    """Spikes of the die forward; backward the gradient of a leaky membrane with the surrogate."""

    @staticmethod
    def forward(ctx: Any, inputs: Any, weight: Any, layer: Any) -> Any:
        spikes = layer._on_die(inputs)
        ctx.save_for_backward(inputs, weight, spikes)
        ctx.layer = layer
        return spikes

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        inputs, weight, spikes = ctx.saved_tensors
        layer = ctx.layer
        current = inputs @ weight.T
        keep, steps = layer.keep, inputs.shape[1]
        # The voltages that the float model has when the neurons spike as those of the die did.
        voltages, voltage = [], torch.zeros_like(current[:, 0])
        for step in range(steps):
            voltage = voltage * keep + current[:, step]
            voltages.append(voltage)
            voltage = voltage - spikes[:, step]
        of_current = torch.zeros_like(current)
        later = torch.zeros_like(current[:, 0])
        for step in reversed(range(steps)):
            slope = _slope(layer.surrogate, voltages[step] - 1, layer.width)
            # What the reset does to later voltages is taken as it is.
            later = grad[:, step] * slope + later * keep
            of_current[:, step] = later
        grad_weight = torch.einsum("bto,bti->oi", of_current, inputs)
        return of_current @ weight, grad_weight, None


class OnDie(torch.nn.Module):  # type: ignore[misc, name-defined, unused-ignore]
    """A layer of neurons on a die.

    Parameters
    ----------
    program : Program
        A mapped network of a single input and a population that hears it.
    die : Die
    output : str, optional
        The population; the only one if not given.
    step_ticks : int, optional
        Ticks of a step of the tensors; a step of the chip if not given.
    surrogate : {"atan", "sigmoid", "triangle"}
        Slope in place of the threshold.
    width : float
        How steep it is.
    keep : float
        What the membrane of the backward pass keeps in a step.
    threads : int, optional

    Attributes
    ----------
    weight : torch.nn.Parameter, shape (neurons, channels)
        At first what the chip holds, in parts of the threshold. Training moves it; :meth:`remap` brings it to the chip.

    Notes
    -----
    ``layer(x)`` takes counts of the shape (batch, steps, channels) and returns spikes (batch, steps, neurons).
    """

    def __init__(
        self,
        program: _native.Program,
        die: _native.Die,
        *,
        output: str | None = None,
        step_ticks: int | None = None,
        surrogate: str = "atan",
        width: float = 2.0,
        keep: float = 0.9,
        threads: int | None = None,
    ) -> None:
        super().__init__()
        from ._words import did_you_mean, unknown

        if surrogate not in SURROGATES:
            raise ValueError(f"surrogate is {surrogate!r}; {did_you_mean(surrogate, SURROGATES, 'there are')}")
        names = [name for name, _ in program.populations]
        if output is None and len(names) != 1:
            raise ValueError(f"the program has the populations {names}; say which is the `output`")
        self.output = names[0] if output is None else output
        if self.output not in names:
            raise unknown("population", self.output, names)
        if len(program.inputs) != 1:
            raise ValueError(f"the program has {len(program.inputs)} inputs; a layer has one")
        self.program, self.die, self.threads = program, die, threads
        self.step_ticks = program.chip.step_ticks if step_ticks is None else int(step_ticks)
        self.surrogate, self.width, self.keep = surrogate, float(width), float(keep)
        _, held = program.weights(program.inputs[0][0], self.output)
        self.weight = torch.nn.Parameter(torch.tensor(held, dtype=torch.float32))

    def program_weights(self) -> Any:
        """What the chip holds, a tensor (neurons, channels) in parts of the threshold."""
        return torch.tensor(self.program.weights(self.program.inputs[0][0], self.output)[1], dtype=torch.float32)

    def remap(self, program: _native.Program) -> None:
        """Go on with another program, of a network with the weights that were trained."""
        if (program.inputs, program.populations) != (self.program.inputs, self.program.populations):
            raise ValueError("the other program has other inputs or populations")
        self.program = program

    def _on_die(self, inputs: Any) -> Any:
        channels = sum(size for _, size in self.program.inputs)
        if inputs.ndim != 3 or inputs.shape[2] != channels:
            raise ValueError(f"inputs have the shape {tuple(inputs.shape)}; they have (batch, steps, {channels}), counts of spikes")
        counts = inputs.detach().cpu().numpy()
        whole = np.rint(counts)
        if not np.array_equal(whole, counts) or (whole < 0).any():
            raise ValueError("inputs are counts of spikes, whole numbers of 0 or more: a die takes no others")
        from ._events import events_from_counts

        events: Sequence[Any] = [events_from_counts(sample.astype(np.int64), self.step_ticks) for sample in whole]
        ticks = inputs.shape[1] * self.step_ticks
        runs = run_many(self.program, [self.die], events, ticks=ticks, threads=self.threads)
        spikes = np.stack([run.dense(self.output, self.step_ticks) for run in runs])
        return torch.tensor(spikes, dtype=inputs.dtype, device=inputs.device)

    def forward(self, inputs: Any) -> Any:
        """The spikes of the die, shape (batch, steps, neurons), for counts of the shape (batch, steps, channels)."""
        return _Pass.apply(inputs, self.weight, self)
