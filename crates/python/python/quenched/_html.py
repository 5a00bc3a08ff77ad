"""What notebooks show: HTML and SVG that need nothing from a network.

Colours are those of the notebook's theme where it has any, so that light and dark pages can be read.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import numpy as np
import numpy.typing as npt

from ._native import Chip, Die, Program
from ._optional import extends

_STYLE = (
    "<style scoped>.quenched{font:13px/1.4 system-ui,sans-serif;max-width:60rem;overflow-x:auto}"
    ".quenched table{border-collapse:collapse;margin:.4em 0;font-variant-numeric:tabular-nums}"
    ".quenched th{text-align:left;font-weight:600;border-bottom:1px solid #8888}"
    ".quenched th,.quenched td{padding:.15em .7em .15em 0;vertical-align:top}"
    ".quenched th.n,.quenched td.n{text-align:right}.quenched .dim{opacity:.65}"
    ".quenched svg{display:block;max-width:100%;height:auto}"
    ".quenched svg text{fill:currentColor;font:11px system-ui,sans-serif}"
    ".quenched .bar{display:inline-block;height:.7em;background:#3b7dd8;vertical-align:-1px}"
    ".quenched details{margin:.3em 0}.quenched summary{cursor:pointer}</style>"
)

#: Lines of a long table that are shown.
ROWS_MAX = 60
#: Spikes of a raster that are drawn.
SPIKES_MAX = 20_000

#: Five points of viridis.
_VIRIDIS = ((68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37))
_COLOURS = ("#3b7dd8", "#d8663b", "#3f9e6b", "#a35bc4", "#b8952a", "#4aa3b8")


def box(*parts: str) -> str:
    """Parts in one box with the style of all."""
    return f"{_STYLE}<div class='quenched'>{''.join(parts)}</div>"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; cells are escaped, and numbers stand to the right."""
    return box(_table(head, rows))


def _is_number(cell: str) -> bool:
    try:
        float(cell.split(" ")[0])
    except ValueError:
        return not cell
    return True


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], most: int = ROWS_MAX) -> str:
    # What is no number is nothing to look at.
    all_rows = [["" if cell == "nan" else cell for cell in row] for row in rows]
    right = [all(_is_number(row[at]) for row in all_rows) and any(row[at] for row in all_rows) for at in range(len(head))]

    def line(tag: str, cells: Sequence[str]) -> str:
        classes = (" class='n'" if is_number else "" for is_number in right)
        return "<tr>" + "".join(f"<{tag}{kind}>{escape(cell)}</{tag}>" for kind, cell in zip(classes, cells)) + "</tr>"

    lines = [line("th", head), *(line("td", row) for row in all_rows[:most])]
    rest = len(all_rows) - most
    if rest > 0:
        lines.append(f"<tr><td class='dim' colspan='{len(head)}'>and {rest} more</td></tr>")
    return f"<table>{''.join(lines)}</table>"


def _details(summary: str, inner: str, *, is_open: bool = False) -> str:
    return f"<details{' open' if is_open else ''}><summary>{escape(summary)}</summary>{inner}</details>"


def warning_lines(lines: Sequence[str]) -> str:
    if not lines:
        return ""
    items = "".join(f"<li>{escape(line)}</li>" for line in lines[:ROWS_MAX])
    return _details(f"{len(lines)} warning{'s' if len(lines) > 1 else ''}", f"<ul>{items}</ul>", is_open=len(lines) < 4)


def number(value: float) -> str:
    """A number with three digits."""
    return f"{value:.3g}"


def viridis(share: float) -> str:
    """The colour of a share from 0 to 1."""
    at = min(max(share, 0.0), 1.0) * (len(_VIRIDIS) - 1)
    low = min(int(at), len(_VIRIDIS) - 2)
    mix = at - low
    red, green, blue = (round(a + (b - a) * mix) for a, b in zip(_VIRIDIS[low], _VIRIDIS[low + 1]))
    return f"#{red:02x}{green:02x}{blue:02x}"


def floor(values: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], list[tuple[int, int, int, int]]]:
    """Circuits side by side: cores in as square a grid as there is, neurons of each likewise; NaN between them.

    Returns
    -------
    ndarray, shape (rows, columns)
    list of (x, y, width, height)
        Where each core lies.
    """
    cores, neurons = values.shape
    width = math.ceil(math.sqrt(neurons))
    height = math.ceil(neurons / width)
    across = math.ceil(math.sqrt(cores))
    down = math.ceil(cores / across)
    plan = np.full((down * (height + 1) - 1, across * (width + 1) - 1), np.nan)
    edges = []
    for core in range(cores):
        x, y = core % across * (width + 1), core // across * (height + 1)
        cells = np.full(width * height, np.nan)
        cells[:neurons] = values[core]
        plan[y : y + height, x : x + width] = cells.reshape(height, width)
        edges.append((x, y, width, height))
    return plan, edges


#: Circuits of a floor plan that are drawn one by one, and of a die that is looked at.
_CIRCUITS_MAX, _VALUES_MAX = 4096, 1 << 20


def floor_svg(values: npt.NDArray[np.float64], label: str) -> str:
    """The floor plan of a die as SVG, coloured by a parameter, with a scale."""
    if values.size > _CIRCUITS_MAX:
        # Cores as a whole: their mean.
        values = values.mean(axis=1)[:, None]
        label += ", mean of each core"
    plan, edges = floor(values)
    low, high = float(np.nanmin(plan)), float(np.nanmax(plan))
    span = high - low
    cell = max(2.0, min(14.0, 420 / plan.shape[1]))
    wide, tall = plan.shape[1] * cell, plan.shape[0] * cell
    parts = []
    for y, row in enumerate(plan):
        for x, value in enumerate(row):
            if not np.isnan(value):
                colour = viridis((value - low) / span if span > 0 else 0.5)
                parts.append(
                    f"<rect x='{x * cell:.1f}' y='{y * cell:.1f}' width='{cell:.1f}' height='{cell:.1f}' fill='{colour}'/>"
                )
    for x, y, width, height in edges:
        parts.append(
            f"<rect x='{x * cell:.1f}' y='{y * cell:.1f}' width='{width * cell:.1f}' height='{height * cell:.1f}'"
            " fill='none' stroke='currentColor' stroke-opacity='.5'/>"
        )
    steps = 32
    bar = min(wide, 220.0)
    for step in range(steps):
        parts.append(
            f"<rect x='{step * bar / steps:.1f}' y='{tall + 10:.1f}' width='{bar / steps + 0.5:.1f}' height='8'"
            f" fill='{viridis(step / (steps - 1))}'/>"
        )
    parts.append(f"<text x='0' y='{tall + 32:.1f}'>{number(low)}</text>")
    parts.append(f"<text x='{bar:.1f}' y='{tall + 32:.1f}' text-anchor='end'>{number(high)}</text>")
    parts.append(f"<text x='0' y='{tall + 48:.1f}'>{escape(label)}</text>")
    full = max(wide, bar, 7.0 * len(label))
    return f"<svg viewBox='0 0 {full:.0f} {tall + 54:.0f}' width='{full:.0f}' role='img'>{''.join(parts)}</svg>"


@extends(Chip)
def _repr_html_(self: Chip) -> str:
    """Its limits and parameters, with the evidence of each number."""
    chips, cores, neurons = self.shape
    heading = (
        f"<b>{escape(self.name)}</b>: {escape(self.summary)}<br><span class='dim'>{chips} x {cores} cores of {neurons}"
        f" neurons; core models {escape(', '.join(self.models))}; a tick is {self.tick:g} s</span>"
    )
    parameters = self.parameters
    rows = [
        [
            name,
            f"{one['value']:g} {one['unit']}" if one["unit"] != "1" else f"{one['value']:g}",
            "" if one["cv"] is None else f"{one['cv']:g}",
            one["family"] or "",
            one["evidence"],
            one["source"],
            one["summary"],
        ]
        for name, one in parameters.items()
    ]
    limits = [row for row in self._numbers if not row[0].startswith(("parameters.", "sources."))]
    shown = _table(["parameter", "nominal", "CV", "family", "evidence", "source", ""], rows)
    numbers = _table(["number", "value", "evidence", "source"], limits, most=400)
    grades = _table(["grade", "what it means"], self._evidence)
    counts: dict[str, int] = {}
    for row in self._numbers:
        counts[row[2]] = counts.get(row[2], 0) + 1
    order = [grade for grade, _ in self._evidence if grade in counts]
    of_grades = ", ".join(f"{counts[grade]} {grade}" for grade in order)
    return box(
        heading,
        f"<div>{len(self._numbers)} numbers by evidence: {escape(of_grades)}</div>",
        _details(f"{len(parameters)} parameters", shown, is_open=len(parameters) <= 12),
        _details(f"{len(limits)} limits and other numbers", numbers, is_open=len(limits) <= 16),
        _details("what the grades mean", grades),
    )


def _of_die(self: Die) -> str:
    """Its floor plan, coloured by the first parameter that differs, and the spread of all that do."""
    names = self.mismatched
    heading = f"<b>{escape(repr(self))}</b>"
    _, cores, neurons = self.chip.shape
    if cores * neurons > _VALUES_MAX:
        return box(heading, f"<br><span class='dim'>{cores} cores of {neurons} neurons are too many to be drawn</span>")
    broken = self.faults
    faults = ", ".join(
        f"{count} {what}" for what, count in (("dead", int((broken == 1).sum())), ("hot", int((broken == 2).sum()))) if count
    )
    if faults:
        heading += f"<br>broken circuits: {faults}"
    if not names:
        return box(heading, "<br><span class='dim'>nothing differs between its circuits</span>")
    rows = []
    for name in names:
        values = self[name]
        mean = float(values.mean())
        spread = float(values.std() / abs(mean)) if mean else math.nan
        rows.append(
            [name, self.unit(name), *(number(float(of(values))) for of in (np.mean, np.min, np.max)), number(spread)]
        )
    # What every model of a neuron has says most; else what differs most.
    usual = [name for name in ("tau_mem", "v_threshold") if name in names]
    first = usual[0] if usual else max(names, key=lambda name: float(np.std(self.factors(name))))
    unit = self.unit(first)
    label = first if unit == "1" else f"{first} ({unit})"
    head = ["parameter", "unit", "mean", "lowest", "highest", "CV"]
    return box(
        heading,
        floor_svg(self[first], f"{label} of every neuron, by core"),
        _details(f"{len(names)} parameters differ", _table(head, rows), is_open=len(names) <= 8),
    )


_of_die.__name__ = "_repr_html_"
extends(Die)(_of_die)


def _of_program(self: Program) -> str:
    """What the mapping kept and lost."""
    heading = f"<b>{escape(repr(self))}</b>"
    if self.made_for:
        heading += f"<br>made for {escape(self.made_for)}"
    if self._report is None:
        populations = _table(["population", "neurons"], [[name, str(size)] for name, size in self.populations])
        return box(heading, "<br><span class='dim'>read from a file, which has no report</span>", populations)
    report: dict[str, Any] = json.loads(self._report)
    rows = []
    for projection in report["projections"]:
        counts = [str(projection[key]) for key in ("wished", "masked", "kept", "lost")]
        rows.append([projection["name"], *counts, f"{100 * projection['weights']['rms_error_relative']:.2f} %"])
    cores = report["cores"]
    used = _table(
        ["core", "model", "holds", "neurons", "of"],
        [
            [
                "chip {chip} core {core}".format(**core["address"]),
                core["model"],
                ", ".join(part["population"] for part in core["parts"]),
                str(core["neurons"]["used"]),
                str(core["neurons"]["limit"]),
            ]
            for core in cores
        ],
    )
    return box(
        heading,
        _table(["projection", "wished", "masked", "kept", "lost", "error of weights (rms)"], rows),
        _details(f"{len(cores)} cores", used),
        warning_lines(self.warnings),
        _details("the whole report", f"<pre>{escape(self._text or '')}</pre>"),
    )


_of_program.__name__ = "_repr_html_"
extends(Program)(_of_program)


def raster_svg(
    spikes: npt.NDArray[np.void], populations: Sequence[tuple[str, int]], seconds: float, tick: float
) -> str:
    """The spikes of a run as SVG: time to the right, neurons downward, a colour a population."""
    wide, left, height = 640.0, 110.0, 0.0
    total = max(sum(size for _, size in populations), 1)
    scale = min(4.0, max(0.4, 240 / total))
    shown = spikes
    note = ""
    if len(spikes) > SPIKES_MAX:
        # Every so many spikes, evenly over the run.
        shown = spikes[np.linspace(0, len(spikes) - 1, SPIKES_MAX).astype(np.int64)]
        note = f"{SPIKES_MAX} of {len(spikes)} spikes are drawn"
    parts = []
    for number_, (name, size) in enumerate(populations):
        own = shown[shown["population"] == number_]
        tall = max(size * scale, 14.0)
        step = tall / max(size, 1)
        colour = _COLOURS[number_ % len(_COLOURS)]
        x = left + own["tick"] * (tick / seconds if seconds > 0 else 0) * (wide - left)
        y = height + own["neuron"] * step
        mark = max(step, 1.5)
        path = "".join(f"M{a:.1f} {b:.1f}v{mark:.1f}" for a, b in zip(x.tolist(), y.tolist()))
        parts.append(f"<rect x='{left}' y='{height:.1f}' width='{wide - left}' height='{tall:.1f}' fill='{colour}' fill-opacity='.07'/>")
        parts.append(f"<path d='{path}' stroke='{colour}' stroke-width='1.2' fill='none'/>")
        middle = height + tall / 2 + 4
        parts.append(f"<text x='{left - 8}' y='{middle:.1f}' text-anchor='end'>{escape(_short(name))} ({size})</text>")
        height += tall + 6
    parts.append(_time_axis(left, wide, height, seconds))
    if note:
        parts.append(f"<text x='{left}' y='{height + 32:.1f}'>{note}</text>")
    return f"<svg viewBox='0 0 {wide + 20:.0f} {height + (38 if note else 22):.0f}' width='{wide + 20:.0f}' role='img'>{''.join(parts)}</svg>"


def _short(name: str) -> str:
    return name if len(name) <= 16 else name[:15] + "\u2026"


def _time_axis(left: float, wide: float, y: float, seconds: float) -> str:
    unit, factor = ("s", 1.0) if seconds >= 1 else ("ms", 1e3) if seconds >= 1e-3 else ("us", 1e6)
    parts = [f"<line x1='{left}' y1='{y:.1f}' x2='{wide}' y2='{y:.1f}' stroke='currentColor' stroke-opacity='.5'/>"]
    for share, anchor in ((0.0, "start"), (0.5, "middle"), (1.0, "end")):
        text = f"{seconds * share * factor:g} {unit}" if share == 1 else f"{seconds * share * factor:g}"
        parts.append(f"<text x='{left + share * (wide - left):.1f}' y='{y + 15:.1f}' text-anchor='{anchor}'>{text}</text>")
    return "".join(parts)


#: Lines of a plot of traces, and points of each.
_LINES_MAX, _POINTS_MAX = 6, 600


def traces_svg(
    times: npt.NDArray[np.float64], values: npt.NDArray[np.float64], label: str, seconds: float
) -> str:
    """The first neurons of a probe as SVG lines."""
    wide, left, tall = 640.0, 110.0, 90.0
    values = values[:, :_LINES_MAX]
    if values.size == 0:
        return ""
    every = max(1, len(times) // _POINTS_MAX)
    times, values = times[::every], values[::every]
    low, high = float(values.min()), float(values.max())
    span = high - low or 1.0
    parts = []
    for column in range(values.shape[1]):
        x = left + times / (seconds or 1.0) * (wide - left)
        y = tall - 4 - (values[:, column] - low) / span * (tall - 8)
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x.tolist(), y.tolist()))
        parts.append(f"<polyline points='{points}' fill='none' stroke='{_COLOURS[column]}' stroke-width='1.2'/>")
    parts.append(f"<text x='{left - 8}' y='12' text-anchor='end'>{number(high)}</text>")
    parts.append(f"<text x='{left - 8}' y='{tall:.0f}' text-anchor='end'>{number(low)}</text>")
    parts.append(f"<text x='{left - 8}' y='{tall / 2 + 4:.0f}' text-anchor='end'>{escape(_short(label))}</text>")
    parts.append(_time_axis(left, wide, tall + 2, seconds))
    return f"<svg viewBox='0 0 {wide + 20:.0f} {tall + 24:.0f}' width='{wide + 20:.0f}' role='img'>{''.join(parts)}</svg>"


__all__ = ["box", "floor", "floor_svg", "number", "raster_svg", "table", "traces_svg", "viridis", "warning_lines"]
