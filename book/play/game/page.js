/** game.html: the controls, and what happens in each picture. */

import { colours, whenChanged } from "../canvas.js";
import { pen } from "../pen.js";
import { uniform } from "../random.js";
import { drawCurves } from "./curves.js";
import { SHAPES, countModes, drawn, sample } from "./data.js";
import { DEFAULTS, Game } from "./game.js";
import { Picture } from "./picture.js";
import { PRESETS } from "./presets.js";

const SHOWN = 400; // Points of each kind.
const MEASURE_EVERY = 50; // Steps.
const RECORD_EVERY = 10; // Steps, whose losses are averaged.
const BUDGET = 14; // Milliseconds of steps in each picture.

const $ = (id) => document.getElementById(id);
const RATES = ["generatorRate", "discriminatorRate"];
const picture = new Picture($("plane"));
let strokes = []; // Points that the reader has drawn.
let cursor = null; // Where the keys' pen is.
let game, real, z, records, playing;

function shape() {
  const name = $("shape").value;
  if (name !== "drawn") return SHAPES[name];
  return strokes.length ? drawn(strokes) : null;
}

/** Two digits of what a logarithmic slider says. */
const rate = (name) => +(10 ** $(name).value).toPrecision(2);

function settings() {
  return {
    loss: $("loss").value,
    ...Object.fromEntries(RATES.map((name) => [name, rate(name)])),
    discriminatorSteps: +$("discriminatorSteps").value,
    seed: +$("seed").value,
  };
}

/** New networks, from the seed. */
function reset() {
  game = new Game(shape() ?? SHAPES.ring, settings());
  z = game.sampleLatent(SHOWN, uniform(1));
  records = {
    steps: [], discriminator: [], generator: [], measured: [], distance: [],
    sum: { discriminator: 0, generator: 0, count: 0 },
  };
  changeShape();
}

/** Other real points for the networks as they are. */
function changeShape() {
  const found = shape();
  const waiting = found === null;
  if (!waiting) game.shape = found;
  real = waiting ? new Float64Array(0) : sample(found, SHOWN, uniform(2));
  for (const id of ["play", "step-d", "step-g", "step-both"]) $(id).disabled = waiting;
  if (waiting) pause();
  $("drawing-hint").hidden = $("shape").value !== "drawn";
  $("modes-fact").hidden = $("shape").value !== "ring";
  $("plane").style.touchAction = $("shape").value === "drawn" ? "none" : "auto";
  $("floor").textContent = waiting ? "–" : game.floor().toFixed(3);
  Object.assign(records, { measured: [], distance: [] });
  if (!waiting) measure();
  draw();
}

function measure() {
  const { distance, points } = game.measure();
  if (records.measured.at(-1) !== game.steps) records.measured.push(game.steps);
  records.distance[records.measured.length - 1] = distance;
  $("distance").textContent = distance.toFixed(3);
  $("modes").textContent = countModes(points).modes;
}

function step() {
  game.step();
  record();
}

function record() {
  const { sum } = records;
  for (const name of ["discriminator", "generator"]) sum[name] += game.losses[name];
  sum.count++;
  if (game.steps % RECORD_EVERY === 0) {
    records.steps.push(game.steps);
    for (const name of ["discriminator", "generator"]) {
      records[name].push(sum[name] / sum.count);
      sum[name] = 0;
    }
    sum.count = 0;
  }
  if (game.steps % MEASURE_EVERY === 0) measure();
}

function draw() {
  const shown = Object.fromEntries(
    [...document.querySelectorAll("input[type=checkbox]")].map((box) => [box.name, box.checked]),
  );
  picture.draw(game, real, z, shown, $("shape").value === "drawn" ? cursor : null);
  $("step").textContent = game.steps.toLocaleString("en-GB");
  const { steps, discriminator, generator, measured, distance } = records;
  drawCurves($("losses"), steps, [
    { values: discriminator, colour: colours.real },
    { values: generator, colour: colours.fake },
  ]);
  const floor = +$("floor").textContent;
  drawCurves($("distances"), measured, [
    { values: distance, colour: colours.ink },
    { values: measured.map(() => floor), colour: colours.faint, dashed: true },
  ]);
}

let lastStep = 0;
function frame(now) {
  if (!playing) return;
  const speed = $("speed").value;
  if (speed === "fast") {
    const start = performance.now();
    do step();
    while (performance.now() - start < BUDGET);
    draw();
  } else if (speed === "frame" || now - lastStep > 500) {
    lastStep = now;
    step();
    draw();
  }
  requestAnimationFrame(frame);
}

function play() {
  if (playing) return;
  playing = true;
  $("play").textContent = "Pause";
  requestAnimationFrame(frame);
}

function pause() {
  playing = false;
  $("play").textContent = "Play";
}

/** One press of a button: a step of one network, or of both. */
function single(action) {
  pause();
  action();
  draw();
}

/** Sets the controls: the defaults, and over them what is given. */
function choose(shapeName, changes) {
  const all = { ...DEFAULTS, ...changes };
  $("shape").value = shapeName;
  $("loss").value = all.loss;
  for (const name of RATES) $(name).value = Math.log10(all[name]);
  $("discriminatorSteps").value = all.discriminatorSteps;
  $("seed").value = all.seed;
  showValues();
}

function showValues() {
  for (const name of RATES) {
    $(name).nextElementSibling.value = rate(name);
  }
  for (const name of ["discriminatorSteps", "seed"]) {
    $(name).nextElementSibling.value = $(name).value;
  }
}

$("play").addEventListener("click", () => (playing ? pause() : play()));
$("step-both").addEventListener("click", () => single(step));
$("step-d").addEventListener("click", () => single(() => game.stepDiscriminator()));
$("step-g").addEventListener("click", () => single(() => game.stepGenerator()));
$("reset").addEventListener("click", reset);
$("shape").addEventListener("change", changeShape);
$("seed").addEventListener("change", reset);
for (const id of ["loss", ...RATES, "discriminatorSteps", "seed"]) {
  $(id).addEventListener("input", () => {
    showValues();
    Object.assign(game.settings, settings());
    draw();
  });
}
for (const box of document.querySelectorAll("input[type=checkbox]")) {
  box.addEventListener("change", draw);
}
for (const button of document.querySelectorAll("[data-preset]")) {
  button.addEventListener("click", () => {
    const { shape: name, settings: changes } = PRESETS[button.dataset.preset];
    choose(name, changes);
    reset();
    if ("paused" in button.dataset) pause();
    else play();
    document.querySelector(".demo").scrollIntoView();
  });
}

function addPoint(x, y) {
  if ($("shape").value !== "drawn") return;
  strokes.push(Picture.toPlane(x, y));
  hover(x, y);
  changeShape();
}
function hover(x, y) {
  cursor = Picture.toPlane(x, y);
  draw();
}
pen($("plane"), { start: addPoint, move: addPoint, hover, end: () => (cursor = null) });
$("clear").addEventListener("click", () => {
  strokes = [];
  reset();
});

$("batch").textContent = DEFAULTS.batch;
choose("ring", {});
reset();
whenChanged(draw);
