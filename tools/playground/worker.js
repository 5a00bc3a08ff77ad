"use strict";
// The kernel in a thread of its own: texts in, texts out, in the order in which they come.
let kept;
let ready;

async function start() {
  return (await WebAssembly.instantiate(kept, {})).exports;
}

function text(kernel, address, bytes) {
  // Memory may have grown since the last view of it.
  return new TextDecoder().decode(new Uint8Array(kernel.memory.buffer, address, bytes));
}

function ask(kernel, question) {
  const bytes = new TextEncoder().encode(question);
  const at = kernel.room(bytes.length);
  new Uint8Array(kernel.memory.buffer, at, bytes.length).set(bytes);
  const length = kernel.ask();
  return text(kernel, kernel.answer(), length);
}

onmessage = ({ data }) => {
  if (data.module) {
    kept = data.module;
    ready = start();
    return;
  }
  ready = ready.then((kernel) => {
    try {
      postMessage({ id: data.id, answer: ask(kernel, data.question) });
    } catch (error) {
      const length = kernel.panicked();
      const reason = length > 0 ? text(kernel, kernel.reason(), length) : String(error);
      postMessage({ id: data.id, answer: JSON.stringify({ error: "the kernel stopped: " + reason }) });
      // What stopped in the middle is not asked again.
      return start();
    }
    return kernel;
  });
};
