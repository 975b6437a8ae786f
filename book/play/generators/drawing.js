/** The lower half of generators.html: paper, pen and eraser, and the drawing coloured. */

import { pen } from "../pen.js";
import { latest, timed } from "./latest.js";
import { fromPixels, show } from "./pixels.js";
import { loadModel } from "./runtime.js";

const EXAMPLES = 12;
const $ = (id) => document.getElementById(id);

export async function draw() {
  const paper = $("paper");
  const size = paper.width;
  const context = paper.getContext("2d", { willReadFrequently: true });
  const kept = []; // What undo brings back.
  let erasing = false;
  let last = null; // Where the pen was.

  const keep = () => {
    kept.push(context.getImageData(0, 0, size, size));
    if (kept.length > 50) kept.shift();
    $("undo").disabled = false;
  };
  const empty = () => {
    context.fillStyle = "#fff";
    context.fillRect(0, 0, size, size);
  };
  const stroke = (x, y) => {
    const to = [x * size, y * size];
    context.strokeStyle = erasing ? "#fff" : "#000";
    context.lineWidth = $("width").value * (erasing ? 2.5 : 1);
    context.lineCap = context.lineJoin = "round";
    context.beginPath();
    context.moveTo(...(last ?? to));
    context.lineTo(...to);
    context.stroke();
    last = to;
    colour();
  };

  const loading = loadModel("pix2pix-emoji");
  let run;
  const colour = latest(async () => {
    const model = await loading;
    run ??= timed(model.run, $("colour-milliseconds"));
    const values = await run(fromPixels(context.getImageData(0, 0, size, size)));
    show($("coloured"), values, model.output);
  });

  pen(paper, {
    start: (x, y) => {
      keep();
      last = null;
      stroke(x, y);
    },
    move: stroke,
  });
  const take = (tool) => {
    erasing = tool === "eraser";
    $("pen").setAttribute("aria-pressed", String(!erasing));
    $("eraser").setAttribute("aria-pressed", String(erasing));
  };
  $("pen").addEventListener("click", () => take("pen"));
  $("eraser").addEventListener("click", () => take("eraser"));
  $("undo").addEventListener("click", () => {
    context.putImageData(kept.pop(), 0, 0);
    $("undo").disabled = kept.length === 0;
    colour();
  });
  $("empty").addEventListener("click", () => {
    keep();
    empty();
    $("artist").hidden = true;
    colour();
  });
  const showWidth = () => ($("width").nextElementSibling.value = `${$("width").value} px`);
  $("width").addEventListener("input", showWidth);

  const start = async (i) => {
    const image = new Image();
    image.src = `examples/${i}-line.png`;
    await image.decode();
    keep();
    context.drawImage(image, 0, 0);
    $("artist-image").src = `examples/${i}-color.png`;
    $("artist").hidden = false;
    await colour();
  };
  for (let i = 0; i < EXAMPLES; i++) {
    const button = document.createElement("button");
    button.className = "example";
    const image = new Image(48, 48);
    image.src = `examples/${i}-line.png`;
    image.alt = `Drawing ${i + 1}`;
    button.append(image);
    button.addEventListener("click", () => start(i));
    $("examples").append(button);
  }
  showWidth();
  empty();
  await start(0);
}
