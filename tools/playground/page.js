"use strict";
// What the controls do: questions to the kernel, answers to the pictures. Nothing is computed here that the kernel owns.

// A kernel in a thread, and who waits for its answers.
class Kernel {
  constructor(module) {
    const source = byId("worker").textContent;
    this.thread = new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
    this.waiting = new Map();
    this.asked = 0;
    this.thread.onmessage = ({ data }) => {
      const { resolve, reject } = this.waiting.get(data.id);
      this.waiting.delete(data.id);
      const answer = JSON.parse(data.answer);
      if ("ok" in answer) { resolve(answer.ok); } else { reject(new Error(answer.error)); }
    };
    this.thread.onerror = (event) => fail(new Error(event.message || "the kernel could not be started"));
    this.thread.postMessage({ module });
  }

  ask(question) {
    this.asked += 1;
    const id = this.asked;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.thread.postMessage({ id, question: JSON.stringify(question) });
    });
  }
}

// Samples that the raster shows at a time, and dies of each point of the curve.
const WINDOW = 40;
const DIES = 4;
// Time after a change before the kernel is asked, so that a slider that moves does not fill its queue.
const PATIENCE = 90;

const page = {
  chips: [], run: null, nominal: null, die: null, curve: null, floor: null,
  // Numbers of what was asked last: answers to older questions are dropped.
  turn: 0, curveTurn: 0, paused: false, resume: null,
};

function fail(error) {
  byId("problem").hidden = false;
  byId("problem").textContent = error.message;
  document.body.classList.remove("busy");
  byId("status").textContent = "";
}

function chipNow() {
  return page.chips.find((chip) => chip.name === byId("chip").value);
}

// What the controls say.
function setting() {
  const whole = (id) => Math.min(Number(byId(id).max), Math.max(0, Math.round(Number(byId(id).value) || 0)));
  return {
    chip: byId("chip").value,
    seed: whole("seed"),
    die: whole("die"),
    cv: String(Number(byId("cv").value)),
    recurrence: document.querySelector("[name=recurrence]:checked").value,
    neurons: Number(byId("neurons").value),
  };
}

function labels() {
  const now = setting(), chip = chipNow();
  byId("cv-value").textContent = Number(now.cv).toFixed(2);
  byId("neurons-value").textContent = now.neurons;
  byId("chip-summary").textContent = chip.summary + ". Reservoir of " + chip.model + " neurons.";
  byId("cv-hint").textContent = "of " + chip.mismatch_reference + ", all else in proportion; the chip file says " +
    Number(chip.cv_of_file).toFixed(2);
}

// The runs of another chip, seed or size are other runs.
function curveKey({ chip, seed, neurons }) {
  return [chip, seed, neurons].join(" ");
}

let timer = 0;
function changed() {
  labels();
  clearTimeout(timer);
  timer = setTimeout(() => refresh().catch(fail), PATIENCE);
}

async function refresh() {
  page.turn += 1;
  const turn = page.turn, now = setting(), began = performance.now();
  document.body.classList.add("busy");
  byId("problem").hidden = true;
  byId("status").textContent = "The kernel runs.";
  if (page.curveOf !== curveKey(now)) {
    page.curveTurn += 1;
    page.curve = null;
    page.curveOf = curveKey(now);
  }
  const run = await page.kernel.ask({ ask: "show", setting: now });
  if (turn !== page.turn) { return; }
  parameters(run);
  const die = await page.kernel.ask({ ask: "die", setting: now, parameter: byId("parameter").value });
  if (turn !== page.turn) { return; }
  [page.run, page.die, page.nominal] = [run, die, null];
  const took = performance.now() - began, emulated = run.ticks * run.tick_ms;
  byId("status").textContent = "Emulated " + inTime(run.ticks, run.tick_ms, emulated).join(" ") + " of the chip, trained and scored in " +
    (took / 1000).toFixed(2) + " s.";
  draw();
  document.body.classList.remove("busy");
  document.body.dataset.turn = String(turn);
  const nominal = Number(now.cv) === 0 ? run : await page.kernel.ask({ ask: "show", setting: { ...now, cv: "0" } });
  if (turn !== page.turn) { return; }
  page.nominal = nominal;
  draw();
  document.body.dataset.whole = String(turn);
  if (page.curve === null) { startCurve(now, page.curveTurn).catch(fail); }
}

// The parameters that the run reads; the choice stays if it can.
function parameters(run) {
  const select = byId("parameter"), chosen = select.value;
  const names = run.parameters.map((parameter) => parameter.name);
  if (names.join() !== Array.from(select.options, (option) => option.value).join()) {
    select.replaceChildren(...names.map((name) => new Option(name, name)));
    select.value = names.includes(chosen) ? chosen : names.includes("tau_mem") ? "tau_mem" : names[0];
  }
}

async function recolour() {
  const turn = page.turn;
  const die = await page.kernel.ask({ ask: "die", setting: setting(), parameter: byId("parameter").value });
  if (turn !== page.turn) { return; }
  page.die = die;
  drawDie();
}

// Every run of the curve, one after the other; dies last, so that the whole of it is seen early.
async function startCurve(now, turn) {
  const told = await page.curveKernel.ask({ ask: "curve", setting: now, dies: DIES });
  if (turn !== page.curveTurn) { return; }
  page.curve = { runs: [], all: told.runs.length };
  links(byId("curve-files"), told.files);
  byId("curve-command").textContent = told.commands[0];
  const order = told.runs.map((run, index) => [run.die, index]).sort(([a, i], [b, j]) => a - b || i - j);
  for (const [, run] of order) {
    while (page.paused) { await new Promise((resolve) => { page.resume = resolve; }); }
    const scored = await page.curveKernel.ask({ ask: "score", setting: now, dies: DIES, run });
    if (turn !== page.curveTurn) { return; }
    page.curve.runs.push(scored);
    drawScores();
  }
  document.body.dataset.curve = String(turn);
}

function links(place, files) {
  place.querySelectorAll("a").forEach((link) => URL.revokeObjectURL(link.href));
  place.replaceChildren(...files.map(({ name, text }) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
    link.download = name;
    link.textContent = name;
    return link;
  }));
}

function drawDie() {
  if (!page.die) { return; }
  const { parameter, nominal, unit } = page.die;
  const facts = page.run.parameters.find((one) => one.name === parameter);
  page.floor.show(page.die, page.run.circuits);
  const end = (sign) => (nominal === 0 ? short(1 + sign * DEVIATION) : withUnit(nominal * (1 + sign * DEVIATION), unit));
  byId("floor-low").textContent = end(-1) + " or less";
  byId("floor-high").textContent = end(1) + " or more";
  if (facts) {
    byId("parameter-about").textContent = facts.summary + ": nominal " + withUnit(nominal, unit) + " (" + facts.evidence +
      "). Over the reservoir the mean is " + facts.mean.toFixed(3) + " of it, the CV " + (facts.cv || 0).toFixed(3) + ".";
  }
  byId("floor").setAttribute("aria-label", "floor plan of die " + page.run.die + ", coloured by " + parameter);
}

function drawSpikes() {
  if (!page.run) { return; }
  const from = byId("from"), most = Math.max(0, page.run.input.samples.length - WINDOW);
  from.max = String(most);
  const at = Math.min(most, Number(from.value));
  const behind = byId("behind").checked && page.nominal !== page.run ? page.nominal : null;
  const [count, start, end] = drawRaster(byId("raster"), page.run, behind, at, WINDOW);
  byId("from-value").textContent = start.join(" ");
  byId("raster-says").textContent = count + " spikes of the reservoir from " + start.join(" ") + " to " + end.join(" ") +
    "; over the whole run " + short(page.run.rate_hz) + " Hz a neuron" + (behind ? ", without mismatch " + short(behind.rate_hz) + " Hz." : ".");
  byId("raster").setAttribute("aria-label", byId("raster-says").textContent);
}

function drawScores() {
  if (!page.run) { return; }
  const runs = page.curve ? page.curve.runs : [];
  byId("score").textContent = page.run.score.toFixed(2);
  const nominals = runs.filter((run) => Number(run.cv) === 0);
  if (page.nominal && !nominals.some((one) => one.recurrence === page.nominal.recurrence)) { nominals.push(page.nominal); }
  byId("score-unit").textContent = "samples of memory; the marks are those without mismatch, by what is left of recurrence";
  drawScore(byId("score-bar"), page.run, nominals);
  drawRecall(byId("recall"), page.run, page.nominal);
  drawCurve(byId("curve"), runs, page.run, tell);
  const all = page.curve ? page.curve.all : 0;
  byId("progress").value = all ? runs.length / all : 0;
  byId("progress").style.visibility = all && runs.length === all ? "hidden" : "visible";
  byId("curve-says").textContent = all === 0 ? "" : runs.length < all
    ? runs.length + " of " + all + " runs: " + DIES + " dies for each mismatch above 0."
    : "A point is a die, a line the mean of " + DIES + " dies. The ring is the run above.";
  table(runs);
}

function table(runs) {
  const groups = grouped(runs);
  const cell = (name, text) => {
    const made = document.createElement(name);
    made.textContent = text;
    return made;
  };
  const row = (name, texts) => {
    const made = document.createElement("tr");
    made.append(...texts.map((text) => cell(name, text)));
    return made;
  };
  const cvs = [...new Set(runs.map((run) => run.cv))].sort((a, b) => a - b);
  const rows = [...groups].map(([recurrence, of]) =>
    row("td", [RECURRENCE[recurrence], ...cvs.map((cv) => (of.has(cv) ? mean(of.get(cv).map((one) => one.score)).toFixed(2) : ""))]));
  byId("curve-table").replaceChildren(row("th", ["recurrence, mean score at mismatch", ...cvs]), ...rows);
}

function drawSame() {
  const { run } = page;
  byId("digest").textContent = run.digest;
  links(byId("files"), run.files);
  byId("command").textContent = run.commands[0];
  byId("mapping").textContent = run.mapping;
  const items = run.warnings.map(({ place, text }) => {
    const item = document.createElement("li");
    item.textContent = place + ": " + text;
    return item;
  });
  const list = document.createElement("ul");
  list.append(...items);
  byId("warnings").replaceChildren(...(items.length ? [document.createTextNode("Not as it was asked for:"), list] : []));
}

function draw() {
  drawDie();
  drawSpikes();
  drawScores();
  drawSame();
}

// A few words beside a point.
function tell(beside, text) {
  const tip = byId("tip");
  tip.hidden = beside === null;
  if (beside === null) { return; }
  tip.textContent = text;
  const box = beside.getBoundingClientRect(), width = tip.offsetWidth;
  tip.style.left = Math.max(4, Math.min(document.documentElement.clientWidth - width - 4, box.left + 10)) + window.scrollX + "px";
  tip.style.top = box.top + window.scrollY - tip.offsetHeight - 8 + "px";
}

function legend() {
  byId("curve-legend").replaceChildren(...Object.keys(COLOURS).map((recurrence) => {
    const item = document.createElement("span"), swatch = document.createElement("i");
    swatch.className = "swatch";
    swatch.style.background = "var(--" + COLOURS[recurrence] + ")";
    item.append(swatch, { full: "all recurrent connections", 0.5: "half", removed: "none" }[recurrence]);
    return item;
  }).sort((a, b) => b.textContent.length - a.textContent.length));
}

// A chip has its own sizes.
function chooseChip() {
  const { least, most, first } = chipNow().neurons, neurons = byId("neurons");
  [neurons.min, neurons.max] = [least, most];
  if (Number(neurons.value) < least || Number(neurons.value) > most) { neurons.value = first; }
  changed();
}

function listen() {
  const on = (id, event, what) => byId(id).addEventListener(event, what);
  byId("controls").addEventListener("submit", (event) => event.preventDefault());
  on("chip", "change", chooseChip);
  ["seed", "die", "cv", "neurons"].forEach((id) => on(id, "input", changed));
  document.querySelectorAll("[name=recurrence]").forEach((choice) => choice.addEventListener("change", changed));
  on("another", "click", () => { byId("seed").value = Math.floor(Math.random() * 1e6); changed(); });
  on("next-die", "click", () => { byId("die").value = (setting().die + 1) % 10000; changed(); });
  on("parameter", "change", () => recolour().catch(fail));
  on("from", "input", drawSpikes);
  on("behind", "change", drawSpikes);
  on("pause", "click", () => {
    page.paused = !page.paused;
    byId("pause").textContent = page.paused ? "go on" : "pause";
    byId("pause").setAttribute("aria-pressed", String(page.paused));
    if (!page.paused && page.resume) { page.resume(); }
  });
  document.querySelectorAll("[data-copy]").forEach((button) => button.addEventListener("click", () => {
    navigator.clipboard.writeText(byId(button.dataset.copy).textContent).then(() => {
      button.textContent = "copied";
      setTimeout(() => { button.textContent = "copy"; }, 1500);
    }, () => getSelection().selectAllChildren(byId(button.dataset.copy)));
  }));
  let frame = 0;
  const again = () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => { if (page.run) { draw(); } });
  };
  addEventListener("resize", again);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
}

// The kernel lies in the page, packed and as text.
async function unpack() {
  const packed = Uint8Array.from(atob(byId("kernel").textContent.trim()), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return WebAssembly.compile(await new Response(stream).arrayBuffer());
}

async function begin() {
  const module = await unpack();
  // One for what is looked at, one for the curve, so that neither waits for the other.
  [page.kernel, page.curveKernel] = [new Kernel(module), new Kernel(module)];
  const { chips, version } = await page.kernel.ask({ ask: "chips" });
  page.chips = chips;
  byId("version").textContent = version;
  byId("chip").replaceChildren(...chips.map((chip) => new Option(chip.name, chip.name)));
  page.floor = new Floor(byId("floor"), byId("floor-says"));
  legend();
  listen();
  chooseChip();
}

begin().catch(fail);
