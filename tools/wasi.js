"use strict";
// Runs the command that tools/wasm.sh --command builds, as a program of WebAssembly that sees some directories of this machine:
//
//   node tools/wasi.js QUENCHED.WASM DIR:DIR WORDS...
const fs = require("node:fs");
const { WASI } = require("node:wasi");

const [file, directories, ...words] = process.argv.slice(2);
const preopens = Object.fromEntries(directories.split(":").map((directory) => [directory, directory]));
const wasi = new WASI({ version: "preview1", args: ["quenched", ...words], env: { NO_COLOR: "1" }, preopens });

WebAssembly.compile(fs.readFileSync(file))
  .then((module) => WebAssembly.instantiate(module, wasi.getImportObject()))
  .then((instance) => { process.exitCode = wasi.start(instance); });
