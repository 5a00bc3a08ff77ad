"use strict";
// Drives a headless Chromium through the page to play with, over the pipe that it offers for that, and checks what a person
// would see. Run by tools/wasm-test.sh:
//
//   node tools/wasm-test.js PAGE CHROMIUM QUENCHED WORK PICTURES
const { spawn, spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");

const [page, chromium, quenched, work, pictures] = process.argv.slice(2);
// Longest wait for anything, in milliseconds.
const PATIENCE = 180000;
let failed = 0;
let held = 0;

function check(name, holds, more) {
  if (holds) {
    held += 1;
  } else {
    failed += 1;
    console.log("FAILED: " + name + (more === undefined ? "" : ": " + more));
  }
}

// A browser with one page.
class Browser {
  constructor() {
    const flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-component-update",
      "--disable-background-networking", "--remote-debugging-pipe", "--user-data-dir=" + path.join(work, "profile"), "about:blank"];
    this.process = spawn(chromium, flags, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
    // However this ends, the browser does too.
    process.once("exit", () => this.process.kill());
    [this.asked, this.waiting, this.rest] = [0, new Map(), ""];
    [this.requests, this.messages] = [[], []];
    this.process.stdio[4].setEncoding("utf8");
    this.process.stdio[4].on("data", (text) => {
      const parts = (this.rest + text).split("\0");
      this.rest = parts.pop();
      parts.forEach((part) => this.hear(JSON.parse(part)));
    });
  }

  hear({ id, result, error, method, params }) {
    if (id !== undefined) {
      const { resolve, reject } = this.waiting.get(id);
      this.waiting.delete(id);
      if (error) { reject(new Error(error.message)); } else { resolve(result); }
      return;
    }
    if (method === "Network.requestWillBeSent") { this.requests.push(params.request.url); }
    if (method === "Runtime.consoleAPICalled") { this.messages.push(params.type + ": " + params.args.map((one) => one.value).join(" ")); }
    if (method === "Runtime.exceptionThrown") { this.messages.push(JSON.stringify(params.exceptionDetails)); }
    if (method === "Log.entryAdded") { this.messages.push(params.entry.level + ": " + params.entry.text); }
  }

  send(method, params = {}) {
    this.asked += 1;
    const id = this.asked;
    this.process.stdio[3].write(JSON.stringify({ id, method, params, sessionId: this.session }) + "\0");
    return new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
  }

  async open() {
    const { targetInfos } = await this.send("Target.getTargets");
    const { targetId } = targetInfos.find((target) => target.type === "page");
    this.session = (await this.send("Target.attachToTarget", { targetId, flatten: true })).sessionId;
    for (const domain of ["Page", "Network", "Runtime", "Log"]) { await this.send(domain + ".enable"); }
  }

  // What an expression of the page is.
  async value(expression) {
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true });
    if (exceptionDetails) { throw new Error(expression + ": " + JSON.stringify(exceptionDetails)); }
    return result.value;
  }

  async until(expression) {
    const began = Date.now();
    while (!(await this.value(expression))) {
      if (Date.now() - began > PATIENCE) {
        throw new Error("this did not come about: " + expression + "; the page says: " + (await this.value("byId('problem').textContent")));
      }
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
  }

  async screen(width, height, dark) {
    await this.send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: width < 500 });
    const features = [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }];
    await this.send("Emulation.setEmulatedMedia", { features });
    // Pictures are drawn anew in the next frame.
    await this.value("new Promise((done) => setTimeout(done, 250))");
  }

  async picture(name) {
    const height = await this.value("document.documentElement.scrollHeight");
    const width = await this.value("innerWidth");
    const clip = { x: 0, y: 0, width, height, scale: 1 };
    const { data } = await this.send("Page.captureScreenshot", { format: "png", captureBeyondViewport: true, clip });
    fs.writeFileSync(path.join(pictures, name + ".png"), Buffer.from(data, "base64"));
  }

  // Sets controls as a person would, and waits for what they change.
  async set(controls) {
    const before = Number(await this.value("document.body.dataset.turn || 0"));
    const lines = Object.entries(controls).map(([id, value]) => id === "recurrence"
      ? "document.querySelector('[name=recurrence][value=" + value + "]').click();"
      : "byId('" + id + "').value = '" + value + "'; byId('" + id + "').dispatchEvent(new Event(byId('" + id + "').tagName === 'SELECT' ? 'change' : 'input', { bubbles: true }));");
    await this.value(lines.join("\n"));
    await this.until("Number(document.body.dataset.turn || 0) > " + before + " && !document.body.classList.contains('busy')");
  }

  // The files that the page offers, and what it says.
  async told() {
    return this.value(`(async () => {
      const files = await Promise.all(Array.from(document.querySelectorAll("#files a"), async (link) => [link.download, await (await fetch(link.href)).text()]));
      return { files, digest: byId("digest").textContent, command: byId("command").textContent, score: page.run.score, runs: page.run.files.length,
        canvas: byId("floor").toDataURL().length, features: page.run.features_digest };
    })()`);
  }

  // Closes itself; who started it waits for that.
  async close() {
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    this.session = undefined;
    this.send("Browser.close").catch(() => {});
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 5000))]);
    this.process.kill();
  }
}

// The digest that the command gives for the files and the line of the page.
function native({ files, command }, place) {
  fs.mkdirSync(place, { recursive: true });
  files.forEach(([name, text]) => fs.writeFileSync(path.join(place, name), text));
  const [name, ...words] = command.trim().split(/\s+/);
  check("the command is quenched", name === "quenched", command);
  const ran = spawnSync(quenched, [...words, "--json"], { cwd: place, encoding: "utf8", maxBuffer: 1 << 28 });
  if (ran.status !== 0) { throw new Error(command + ": " + ran.stderr); }
  return JSON.parse(ran.stdout).digest;
}

// The rows of results of a study, natively.
function study(file, place) {
  const ran = spawnSync(quenched, ["study", file, "--quiet", "--out", "results"], { cwd: place, encoding: "utf8" });
  if (ran.status !== 0) { throw new Error("the study: " + ran.stderr); }
  const [head, ...rows] = fs.readFileSync(path.join(place, "results", "results.csv"), "utf8").trim().split("\n").map((line) => line.split(","));
  return rows.map((row) => Object.fromEntries(head.map((name, index) => [name, row[index]])));
}

async function main() {
  const browser = new Browser();
  await browser.open();
  await browser.screen(1280, 900, false);
  await browser.send("Page.navigate", { url: "file://" + page });
  await browser.until("document.readyState === 'complete' && Number(document.body.dataset.turn || 0) > 0");
  const chips = await browser.value("Array.from(byId('chip').options, (option) => option.value)");
  check("several chips are offered", chips.length >= 3, chips);

  // What it looks like, and that all of it is there, before anything is touched.
  await browser.until("document.body.dataset.curve !== undefined");
  for (const [width, height, name] of [[1280, 900, "desk"], [390, 844, "phone"]]) {
    for (const dark of [false, true]) {
      await browser.screen(width, height, dark);
      const wide = await browser.value("[document.documentElement.scrollWidth, document.documentElement.clientWidth]");
      check("nothing sticks out at " + width, wide[0] <= wide[1], wide);
      const flat = await browser.value(`Array.from(document.querySelectorAll("canvas, #score-bar svg, #recall svg, #curve svg"))
        .filter((one) => one.getBoundingClientRect().width < 150 || one.getBoundingClientRect().height < 30).map((one) => one.id)`);
      check("every picture has a size at " + width, flat.length === 0, flat);
      const cut = await browser.value(`Array.from(document.querySelectorAll("svg text")).filter((text) => {
        const box = text.getBoundingClientRect(), at = text.closest("svg").getBoundingClientRect();
        return box.left < at.left - 1.5 || box.right > at.right + 1.5 || box.bottom > at.bottom + 1.5;
      }).map((text) => text.textContent)`);
      check("no text is cut at " + width, cut.length === 0, cut);
      await browser.picture(name + (dark ? "-dark" : "-light"));
    }
  }
  const unlabelled = await browser.value(`Array.from(document.querySelectorAll("input, select, canvas, [role=img]"))
    .filter((one) => !(one.labels && one.labels.length) && !one.getAttribute("aria-label")).map((one) => one.outerHTML)`);
  check("every control and picture has a name", unlabelled.length === 0, unlabelled);

  // Keys: the floor plan, and every control in turn.
  await browser.screen(1280, 900, false);
  await browser.value("byId('floor').focus()");
  const key = async (name, code) => {
    for (const type of ["keyDown", "keyUp"]) { await browser.send("Input.dispatchKeyEvent", { type, key: name, code: name, windowsVirtualKeyCode: code }); }
  };
  await key("ArrowRight", 39);
  await key("ArrowDown", 40);
  const says = await browser.value("byId('floor-says').textContent");
  check("arrow keys tell of a circuit", /Core 0, circuit \d+: .* of nominal/.test(says), says);
  await browser.value("byId('chip').focus()");
  const met = new Set();
  for (let step = 0; step < 25; step += 1) {
    met.add(await browser.value("document.activeElement.id || document.activeElement.name || document.activeElement.tagName"));
    await key("Tab", 9);
  }
  for (const id of ["chip", "seed", "another", "die", "next-die", "cv", "recurrence", "neurons", "parameter", "floor", "behind", "from", "pause"]) {
    check("the tab key meets " + id, met.has(id), [...met].join(" "));
  }
  const box = await browser.value("(() => { byId('floor').scrollIntoView(); const box = byId('floor').getBoundingClientRect(); return [box.left + 40, box.top + 40]; })()");
  await browser.send("Input.dispatchMouseEvent", { type: "mouseMoved", x: box[0], y: box[1] });
  const pointed = await browser.value("byId('floor-says').textContent");
  check("pointing tells of another circuit", pointed !== says && /Core 0, circuit/.test(pointed), pointed);

  // Every control changes what is shown, and the command gives the digest of the page.
  const settings = [];
  chips.forEach((chip, index) => {
    settings.push({ chip, seed: 1 + index, die: index, cv: "0.2", recurrence: "full", neurons: 96 });
    settings.push({ cv: "0.5", die: 7 });
    settings.push({ recurrence: "removed" });
    settings.push({ recurrence: "half", cv: "0", neurons: 48 });
    settings.push({ seed: 1234, cv: "1" });
  });
  const digests = new Set();
  let last = null;
  for (const [index, controls] of settings.entries()) {
    await browser.set(controls);
    const told = await browser.told();
    const place = path.join(work, "run-" + index);
    const digest = native(told, place);
    const name = JSON.stringify(controls);
    check("the digest of the command, " + name, told.digest === digest && /^[0-9a-f]{16}$/.test(digest), told.digest + " " + digest);
    check("a digest of its own, " + name, !digests.has(told.digest), told.digest);
    digests.add(told.digest);
    if (last && "cv" in controls) { check("the floor plan changes, " + name, told.canvas !== last.canvas); }
    if (index % 5 === 1) {
      const rows = study("playground-study.toml", place);
      const row = rows[rows.length - 1];
      check("the score of the study, " + name, Number(row.score_float) === told.score && row.digest === told.features,
        JSON.stringify(row) + " " + told.score + " " + told.features);
    }
    last = told;
  }
  const parameters = await browser.value("Array.from(byId('parameter').options, (option) => option.value)");
  check("there are parameters to colour by", parameters.length > 1, parameters);
  await browser.value("byId('parameter').value = '" + parameters[parameters.length - 1] + "'; byId('parameter').dispatchEvent(new Event('change'))");
  await browser.until("page.die.parameter === '" + parameters[parameters.length - 1] + "'");
  check("another parameter colours it", (await browser.told()).canvas !== last.canvas);
  const raster = "byId('raster').toDataURL()";
  const shown = await browser.value(raster);
  await browser.value("byId('from').value = '200'; byId('from').dispatchEvent(new Event('input'))");
  check("the window of the raster moves", shown !== (await browser.value(raster)));

  // The whole curve, run by run, is the study.
  await browser.set({ chip: chips[0], seed: 3, die: 0, cv: "0.2", recurrence: "full", neurons: 48 });
  await browser.until("page.curve !== null && page.curve.all > 0 && page.curve.runs.length === page.curve.all && page.curveOf.endsWith(' 3 48')");
  const curve = await browser.value("page.curve.runs");
  const [file] = await browser.value("(async () => Promise.all(Array.from(document.querySelectorAll('#curve-files a'), async (link) => [link.download, await (await fetch(link.href)).text()])))()");
  const place = path.join(work, "curve");
  fs.mkdirSync(place);
  fs.writeFileSync(path.join(place, file[0]), file[1]);
  const rows = study(file[0], place);
  check("the curve has the runs of the study", rows.length === curve.length, rows.length + " " + curve.length);
  const of = (recurrence, cv, die) => recurrence + " " + Number(cv) + " " + die;
  const scores = new Map(rows.map((row) => [of(row.recurrence, row.cv, row.die), row]));
  const other = curve.filter((one) => {
    const row = scores.get(of(one.recurrence, one.cv, one.die));
    return !row || Number(row.score_float) !== one.score || row.digest !== one.digest;
  });
  check("scores of the curve are those of the study", other.length === 0, JSON.stringify(other.slice(0, 2)));

  // What is wrong is said, and the page goes on.
  const wrong = await browser.value("page.kernel.ask({ ask: 'show', setting: { ...setting(), cv: '7' } }).then(() => '', (error) => error.message)");
  check("a wrong question is answered with what is wrong", wrong.includes("`cv` is 7, but can be 0 to 1"), wrong);
  await browser.set({ die: 5 });
  check("and the next one is answered", (await browser.told()).digest.length === 16);

  const outside = browser.requests.filter((url) => !/^(file|blob|data):/.test(url));
  check("no request goes out", outside.length === 0, outside);
  check("the console is silent", browser.messages.length === 0, browser.messages.slice(0, 5).join("\n"));
  await browser.close();
  console.log(held + " checks hold, " + digests.size + " digests met natively; pictures in " + pictures);
  process.exit(failed === 0 ? 0 : 1);
}

main().catch((error) => {
  console.log("FAILED: " + error.stack);
  process.exit(1);
});
