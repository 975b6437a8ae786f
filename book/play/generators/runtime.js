/** Runs the exported models: LiteRT.js, in WebAssembly, which is served beside this page. */

import { Tensor, loadAndCompile, loadLiteRt } from "@litertjs/core";

const place = (path) => new URL(path, import.meta.url).href;
const models = {};
let started;
let described;

/**
 * A trained network of models/ by name, as `{ inputs, output, classes, run }`.
 *
 * `run(...arrays)` takes one Float32Array for each shape in `inputs` and gives a promise of a
 * Float32Array of shape `output`, (height, width, channels) in [-1, 1].
 */
export function loadModel(name) {
  return (models[name] ??= load(name));
}

async function load(name) {
  described ??= fetch(place("../models/models.json")).then((answer) => answer.json());
  const about = (await described)[name];
  await (started ??= start());
  const model = await loadAndCompile(place(`../models/${name}.tflite`), { accelerator: "wasm" });
  return {
    ...about,
    async run(...arrays) {
      // Memory of WebAssembly is not collected: what is not deleted stays.
      const tensors = arrays.map((array, i) => new Tensor(array, [1, ...about.inputs[i]]));
      const [output] = await model.run(tensors);
      const values = Float32Array.from(output.toTypedArray());
      for (const tensor of [...tensors, output]) tensor.delete();
      return values;
    },
  };
}

async function start() {
  // The runtime writes its log with console.error, which it takes when it starts.
  const { error, warn } = console;
  console.error = console.warn = (...line) => {
    const log = /^(INFO|WARNING|VERBOSE|Failed to create default WebGPU)/.test(line[0]);
    (log ? console.debug : error)(...line);
  };
  try {
    await loadLiteRt(place("../runtime/@litertjs/core/wasm/"));
  } finally {
    Object.assign(console, { error, warn });
  }
}
