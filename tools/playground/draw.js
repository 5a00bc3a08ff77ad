"use strict";
// Pictures of what the kernel answers. They hold no state but where the pointer is, and are drawn anew whenever something
// changes.

const byId = (id) => document.getElementById(id);
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
const RECURRENCE = { full: "all", 0.5: "half", removed: "none" };
const COLOURS = { full: "full", 0.5: "half", removed: "removed" };

// A canvas as wide as its place, in the pixels of the screen.
function prepared(canvas, height) {
  const width = canvas.parentElement.clientWidth, scale = window.devicePixelRatio || 1;
  canvas.style.height = height + "px";
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const to = canvas.getContext("2d");
  to.setTransform(scale, 0, 0, scale, 0, 0);
  to.clearRect(0, 0, width, height);
  return [to, width];
}

function mixed(from, to, share) {
  const parts = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  const [a, b] = [parts(from), parts(to)];
  return "rgb(" + a.map((one, index) => Math.round(one + (b[index] - one) * share)).join(" ") + ")";
}

// As many digits as tell something.
function short(value) {
  if (value === 0) { return "0"; }
  const digits = Math.abs(value) >= 1e5 || Math.abs(value) < 1e-3 ? value.toExponential(2) : value.toPrecision(3);
  return digits.includes("e") ? digits : String(Number(digits));
}

function withUnit(value, unit) {
  return short(value) + (unit === "1" ? "" : " " + unit);
}

// Ticks in the unit that suits a length.
function inTime(ticks, tickMs, lengthMs) {
  const [unit, per] = lengthMs >= 5000 ? ["s", 1000] : lengthMs >= 2 ? ["ms", 1] : ["us", 0.001];
  return [Math.round((ticks * tickMs) / per * 1e4) / 1e4, unit];
}

// Deviations from nominal from here on have the full colour: the same for every mismatch, so that it is seen to grow.
const DEVIATION = 0.6;

class Floor {
  constructor(canvas, says) {
    this.canvas = canvas;
    this.says = says;
    this.here = null;
    canvas.addEventListener("pointermove", (event) => this.point(event));
    canvas.addEventListener("pointerdown", (event) => this.point(event));
    canvas.addEventListener("pointerleave", () => this.go(null));
    canvas.addEventListener("keydown", (event) => this.key(event));
  }

  show(die, circuits) {
    this.die = die;
    this.used = new Map(circuits.map(([core, neuron], index) => [core * die.neurons + neuron, index]));
    if (this.here !== null && this.here >= die.factors.length) { this.here = null; }
    this.draw();
    this.tell();
  }

  layout() {
    const { cores, neurons } = this.die;
    const columns = Math.ceil(Math.sqrt(neurons)), rows = Math.ceil(neurons / columns);
    const width = this.canvas.parentElement.clientWidth;
    const across = Math.ceil(Math.sqrt(cores)), gap = cores > 1 ? 12 : 0, head = 15;
    const cell = Math.min(13, (width - (across - 1) * gap) / (across * columns));
    const core = [columns * cell + gap, rows * cell + head + (cores > across ? gap : 0)];
    return { columns, rows, across, gap, head, cell, core, height: Math.ceil(core[1] * Math.ceil(cores / across)) };
  }

  place(index, at) {
    const core = Math.floor(index / this.die.neurons), neuron = index % this.die.neurons;
    const column = neuron % at.columns, row = Math.floor(neuron / at.columns);
    return [
      (core % at.across) * at.core[0] + column * at.cell,
      Math.floor(core / at.across) * at.core[1] + at.head + row * at.cell,
    ];
  }

  draw() {
    if (!this.die) { return; }
    const at = this.layout();
    const [to] = prepared(this.canvas, at.height);
    const [low, even, high, ink, soft] = ["low", "even", "high", "ink", "soft"].map(colour);
    const inset = at.cell >= 5 ? 0.5 : 0;
    this.die.factors.forEach((factor, index) => {
      const share = Math.max(-1, Math.min(1, (factor - 1) / DEVIATION));
      const [x, y] = this.place(index, at);
      to.fillStyle = share < 0 ? mixed(even, low, -share) : mixed(even, high, share);
      to.fillRect(x + inset, y + inset, at.cell - 2 * inset, at.cell - 2 * inset);
    });
    to.fillStyle = soft;
    to.font = "11px system-ui, sans-serif";
    for (let core = 0; core < this.die.cores; core += 1) {
      const [x, y] = this.place(core * this.die.neurons, at);
      to.fillText("core " + core, x, y - 4);
    }
    // A line around the circuits that are neurons of the reservoir.
    to.strokeStyle = ink;
    to.lineWidth = 1.5;
    to.beginPath();
    for (const index of this.used.keys()) {
      if (index >= this.die.factors.length) { continue; }
      const neuron = index % this.die.neurons, [x, y] = this.place(index, at);
      const beside = (step, exists) => exists && this.used.has(index + step);
      const sides = [
        [beside(-at.columns, neuron >= at.columns), x, y, x + at.cell, y],
        [beside(at.columns, neuron + at.columns < this.die.neurons), x, y + at.cell, x + at.cell, y + at.cell],
        [beside(-1, neuron % at.columns > 0), x, y, x, y + at.cell],
        [beside(1, neuron % at.columns < at.columns - 1), x + at.cell, y, x + at.cell, y + at.cell],
      ];
      sides.filter(([inside]) => !inside).forEach(([, a, b, c, d]) => { to.moveTo(a, b); to.lineTo(c, d); });
    }
    to.stroke();
    if (this.here !== null) {
      const [x, y] = this.place(this.here, at);
      to.lineWidth = 2;
      to.strokeRect(x, y, at.cell, at.cell);
    }
  }

  point(event) {
    if (!this.die) { return; }
    const at = this.layout(), box = this.canvas.getBoundingClientRect();
    const x = event.clientX - box.left, y = event.clientY - box.top;
    const across = Math.floor(x / at.core[0]), down = Math.floor(y / at.core[1]);
    const column = Math.floor((x - across * at.core[0]) / at.cell);
    const row = Math.floor((y - down * at.core[1] - at.head) / at.cell);
    const neuron = row * at.columns + column, core = down * at.across + across;
    const inside = column >= 0 && column < at.columns && row >= 0 && neuron < this.die.neurons && across < at.across;
    this.go(inside && core < this.die.cores ? core * this.die.neurons + neuron : null);
  }

  key(event) {
    if (!this.die) { return; }
    const { columns } = this.layout();
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
    if (event.key === "Escape") { this.go(null); }
    if (!(event.key in steps)) { return; }
    event.preventDefault();
    const next = this.here === null ? 0 : this.here + steps[event.key];
    if (next >= 0 && next < this.die.factors.length) { this.go(next); }
  }

  go(index) {
    if (index === this.here) { return; }
    this.here = index;
    this.draw();
    this.tell();
  }

  tell() {
    const { neurons, cores, cores_of_chip: all, parameter, nominal, unit, factors } = this.die;
    if (this.here === null) {
      const some = cores < all ? " The first " + cores + " of " + all + " cores are drawn." : "";
      this.says.textContent = "Framed circuits are the neurons of the reservoir." + some + " Point at one, or use the arrow keys.";
      return;
    }
    const factor = factors[this.here], role = this.used.get(this.here);
    const value = nominal === 0 ? "" : withUnit(nominal * factor, unit) + ", ";
    this.says.textContent = "Core " + Math.floor(this.here / neurons) + ", circuit " + (this.here % neurons) + ": " + parameter + " = " +
      value + factor.toFixed(3) + " of nominal" + (role === undefined ? "; not in use" : "; neuron " + role);
  }
}

// What goes in, and what comes out, in a window of time.
function drawRaster(canvas, run, behind, fromSample, samples) {
  const { tick_ms: tickMs, input } = run;
  const perSample = run.ticks / input.samples.length;
  const from = fromSample * perSample, to = from + samples * perSample;
  const neurons = run.circuits.length, trace = 44, left = 58;
  const row = Math.max(1.6, Math.min(3, 300 / neurons)), lane = 6, space = 12;
  const inputTop = trace + 10, neuronTop = inputTop + input.channels * lane + space;
  const bottom = neuronTop + neurons * row, height = bottom + 34;
  const [on, width] = prepared(canvas, Math.ceil(height));
  const x = (tick) => left + ((tick - from) / (to - from)) * (width - left - 2);
  const [ink, soft, grid, inputs, ghost] = ["ink", "soft", "grid", "input", "ghost"].map(colour);
  const own = colour(COLOURS[run.recurrence]);
  on.font = "11px system-ui, sans-serif";
  on.fillStyle = soft;
  on.textBaseline = "middle";
  on.fillText("input", 0, trace / 2);
  on.fillText("as spikes", 0, inputTop + (input.channels * lane) / 2);
  on.fillText("reservoir", 0, neuronTop + 8);
  on.fillText(neurons + " neurons", 0, neuronTop + 22);
  on.strokeStyle = grid;
  on.lineWidth = 1;
  const lengthMs = (to - from) * tickMs;
  const stepOf = (length) => [1, 2, 5, 10].map((n) => n * 10 ** Math.floor(Math.log10(length / 5))).find((s) => length / s <= 8);
  const step = stepOf(lengthMs);
  on.textAlign = "center";
  on.beginPath();
  for (let at = Math.ceil((from * tickMs) / step) * step; at <= to * tickMs + 1e-9; at += step) {
    const px = Math.round(x(at / tickMs)) + 0.5;
    on.moveTo(px, 0);
    on.lineTo(px, bottom + 4);
    const [value] = inTime(at / tickMs, tickMs, lengthMs);
    if (px < width - 8) { on.fillText(String(value), px, bottom + 14); }
  }
  on.stroke();
  on.textAlign = "right";
  on.fillText("time (" + inTime(1, tickMs, lengthMs)[1] + ")", width - 2, bottom + 28);
  on.textAlign = "left";
  // The input, which is held for a sample.
  const most = Math.max(...input.samples.map(Math.abs));
  const y = (value) => trace / 2 - (value / most) * (trace / 2 - 3);
  on.strokeStyle = inputs;
  on.lineWidth = 1.5;
  on.beginPath();
  for (let sample = fromSample; sample < fromSample + samples && sample < input.samples.length; sample += 1) {
    const value = y(input.samples[sample]);
    on.lineTo(x(sample * perSample), value);
    on.lineTo(x((sample + 1) * perSample), value);
  }
  on.stroke();
  const marks = (ticks, rows, top, pitch, size) => {
    for (let index = lowerBound(ticks, from); index < ticks.length && ticks[index] < to; index += 1) {
      on.fillRect(x(ticks[index]) - size / 2, top + rows[index] * pitch, size, Math.max(1.4, pitch - 0.4));
    }
  };
  on.fillStyle = inputs;
  marks(input.ticks, input.channel, inputTop, lane, 1.6);
  if (behind) {
    on.fillStyle = ghost;
    marks(behind.spikes.ticks, behind.spikes.neurons, neuronTop, row, 5);
  }
  on.fillStyle = run.recurrence === "full" ? own : own || ink;
  marks(run.spikes.ticks, run.spikes.neurons, neuronTop, row, 2);
  const within = (ticks) => lowerBound(ticks, to) - lowerBound(ticks, from);
  return [within(run.spikes.ticks), inTime(from, tickMs, lengthMs), inTime(to, tickMs, lengthMs)];
}

// The first place in a rising list whose value is not below `value`.
function lowerBound(list, value) {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle] < value) { low = middle + 1; } else { high = middle; }
  }
  return low;
}

const NAMESPACE = "http://www.w3.org/2000/svg";
function svg(name, attributes, text) {
  const element = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) { element.setAttribute(key, value); }
  if (text !== undefined) { element.textContent = text; }
  return element;
}

function picture(place, height) {
  const width = Math.max(200, place.clientWidth);
  const drawing = svg("svg", { viewBox: "0 0 " + width + " " + height, width, height });
  place.replaceChildren(drawing);
  return [drawing, width];
}

const roundUp = (value) => [1, 1.5, 2, 3, 4, 5, 6, 8, 10].map((n) => n * 10 ** Math.floor(Math.log10(value))).find((n) => n >= value * 1.02);

// The score as a bar, with marks of what the chip without mismatch scores.
function drawScore(place, run, nominals) {
  const [drawing, width] = picture(place, 58);
  const most = roundUp(Math.max(run.score, ...nominals.map((one) => one.score), 0.5));
  const x = (score) => (score / most) * (width - 8) + 2;
  drawing.append(svg("rect", { x: 2, y: 8, width: width - 8, height: 20, rx: 3, fill: "var(--grid)" }));
  drawing.append(svg("rect", { x: 2, y: 8, width: Math.max(1, x(run.score) - 2), height: 20, rx: 3, fill: "var(--" + COLOURS[run.recurrence] + ")" }));
  let last = -1e9;
  const sorted = nominals.slice().sort((a, b) => a.score - b.score);
  sorted.forEach((one) => {
    const at = x(one.score), crowded = at - last < 34;
    const mine = one.recurrence === run.recurrence;
    drawing.append(svg("line", { x1: at, x2: at, y1: 3, y2: 33, stroke: mine ? "var(--ink)" : "var(--soft)", "stroke-width": mine ? 2 : 1 }));
    const anchor = at > width - 40 ? "end" : at < 20 ? "start" : "middle";
    drawing.append(svg("text", { x: at, y: crowded ? 56 : 44, "text-anchor": anchor }, RECURRENCE[one.recurrence]));
    if (!crowded) { last = at; }
  });
  place.setAttribute("aria-label", "score " + run.score.toFixed(2) + " samples; without mismatch " +
    sorted.map((one) => RECURRENCE[one.recurrence] + " " + one.score.toFixed(2)).join(", "));
}

// How much of each delay there is.
function drawRecall(place, run, nominal) {
  const [drawing, width] = picture(place, 156);
  const left = 26, bottom = 122, top = 6, count = run.by_target.length, pitch = (width - left - 4) / count;
  const y = (share) => bottom - share * (bottom - top);
  [0, 0.5, 1].forEach((share) => {
    drawing.append(svg("line", { x1: left, x2: width - 4, y1: y(share), y2: y(share), stroke: "var(--grid)" }));
    drawing.append(svg("text", { x: left - 5, y: y(share) + 4, "text-anchor": "end" }, String(share)));
  });
  run.by_target.forEach((share, index) => {
    const bar = svg("rect", {
      x: left + index * pitch + 1, width: Math.max(1, pitch - 2), y: y(share), height: Math.max(0, y(0) - y(share)),
      fill: "var(--" + COLOURS[run.recurrence] + ")", rx: 1.5,
    });
    bar.append(svg("title", {}, (index + 1) + " samples ago: " + share.toFixed(3)));
    drawing.append(bar);
    if ((index + 1) % 5 === 0 || index === 0) {
      drawing.append(svg("text", { x: left + (index + 0.5) * pitch, y: bottom + 14, "text-anchor": "middle" }, String(index + 1)));
    }
  });
  if (nominal) {
    const points = nominal.by_target.flatMap((share, index) => [[left + index * pitch, y(share)], [left + (index + 1) * pitch, y(share)]]);
    drawing.append(svg("polyline", { points: points.map((at) => at.map((n) => n.toFixed(1)).join(",")).join(" "), fill: "none", stroke: "var(--ink)", "stroke-width": 1.2 }));
  }
  drawing.append(svg("text", { x: width - 4, y: bottom + 27, "text-anchor": "end" }, "samples ago"));
  place.setAttribute("aria-label", "recall: " + run.by_target.map((share, index) => (index + 1) + " ago " + share.toFixed(2)).join(", "));
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

// The runs of the curve by recurrence and mismatch.
function grouped(runs) {
  const groups = new Map();
  for (const run of runs) {
    const of = groups.get(run.recurrence) || new Map();
    groups.set(run.recurrence, of);
    of.set(run.cv, [...(of.get(run.cv) || []), run]);
  }
  return groups;
}

// Scores over mismatch: a point each die, a line through the means.
function drawCurve(place, runs, now, tell) {
  const narrow = place.clientWidth < 480;
  const [drawing, width] = picture(place, narrow ? 250 : 300);
  const left = 30, right = 12, top = 10, bottom = (narrow ? 250 : 300) - 38;
  const most = roundUp(Math.max(1, ...runs.map((run) => run.score), now ? now.score : 0));
  const x = (cv) => left + Number(cv) * (width - left - right), y = (score) => bottom - (score / most) * (bottom - top);
  for (let part = 0; part <= 4; part += 1) {
    const score = (most * part) / 4;
    drawing.append(svg("line", { x1: left, x2: width - right, y1: y(score), y2: y(score), stroke: "var(--grid)" }));
    drawing.append(svg("text", { x: left - 6, y: y(score) + 4, "text-anchor": "end" }, String(Math.round(score * 100) / 100)));
  }
  [0, 0.2, 0.4, 0.6, 0.8, 1].forEach((cv) => drawing.append(svg("text", { x: x(cv), y: bottom + 16, "text-anchor": "middle" }, String(cv))));
  drawing.append(svg("text", { x: width - right, y: bottom + 32, "text-anchor": "end" }, "mismatch (coefficient of variation)"));
  if (now) {
    drawing.append(svg("line", { x1: x(now.cv), x2: x(now.cv), y1: top, y2: bottom, stroke: "var(--soft)", "stroke-dasharray": "3 4" }));
  }
  for (const [recurrence, of] of grouped(runs)) {
    const tone = "var(--" + COLOURS[recurrence] + ")";
    const sorted = [...of].sort(([a], [b]) => a - b);
    const line = sorted.map(([cv, dies]) => x(cv).toFixed(1) + "," + y(mean(dies.map((one) => one.score))).toFixed(1)).join(" ");
    drawing.append(svg("polyline", { points: line, fill: "none", stroke: tone, "stroke-width": 2, "stroke-linejoin": "round" }));
    sorted.flatMap(([, dies]) => dies).forEach((one) => {
      const point = svg("circle", { cx: x(one.cv), cy: y(one.score), r: 3, fill: tone, "fill-opacity": 0.55 });
      const text = RECURRENCE[recurrence] + ", mismatch " + one.cv + ", die " + one.die + "\n" + one.score.toFixed(2) + " samples";
      point.addEventListener("pointerenter", () => tell(point, text));
      point.addEventListener("pointerleave", () => tell(null));
      drawing.append(point);
    });
  }
  if (now) {
    drawing.append(svg("circle", { cx: x(now.cv), cy: y(now.score), r: 6, fill: "none", stroke: "var(--ink)", "stroke-width": 2 }));
  }
  const said = [...grouped(runs)].map(([recurrence, of]) => RECURRENCE[recurrence] + ": " +
    [...of].map(([cv, dies]) => cv + " " + mean(dies.map((one) => one.score)).toFixed(2)).join(", "));
  place.setAttribute("aria-label", "score over mismatch; " + said.join("; "));
}
