/** The upper half of generators.html: a map of a plane in latent space, and one place on it. */

import { colours, prepare, whenChanged } from "../canvas.js";
import { pen } from "../pen.js";
import { latentPlane, shares } from "./latent.js";
import { latest, timed } from "./latest.js";
import { show, toPixels } from "./pixels.js";
import { loadModel } from "./runtime.js";

const CELLS = 9; // Small images of the map, in each direction.
const START = { "cgan-mnist": [4, 9], "cgan-emoji": [0, 1] }; // Class, and the one to mix with.
const ROUND = 12; // Seconds of a walk along a circle.

const $ = (id) => document.getElementById(id);
const next = () => new Promise(requestAnimationFrame);

export async function explore() {
  let model, run, plane;
  let seed = 2; // Of the plane: a varied one.
  let place = [0.5, 0.5];
  let chosen = 0;
  let walking = false;
  let drawing = 0; // The number of the map that is being drawn.
  const map = document.createElement("canvas"); // The small images, in their own pixels.

  const inputs = (x, y) => {
    const z = plane(x, y);
    if (!model.classes) return [z];
    return [z, shares(model.classes.length, chosen, +$("other").value, +$("share").value)];
  };

  const showImage = latest(async () => {
    const values = await run(...inputs(...place));
    show($("image"), values, model.output);
  });

  const drawMap = async () => {
    const mine = ++drawing;
    const context = map.getContext("2d");
    const [height, width] = model.output;
    let start = performance.now();
    for (let i = 0; i < CELLS * CELLS; i++) {
      const [row, column] = [Math.floor(i / CELLS), i % CELLS];
      const centre = [(column + 0.5) / CELLS, (row + 0.5) / CELLS];
      const values = await model.run(...inputs(...centre));
      if (mine !== drawing) return; // Another class or plane was chosen meanwhile.
      context.putImageData(toPixels(values, model.output), column * width, row * height);
      if (performance.now() - start > 12) {
        drawPad();
        await next();
        start = performance.now();
      }
    }
    drawPad();
  };

  const drawPad = () => {
    const { context, width } = prepare($("map"));
    context.imageSmoothingQuality = "high";
    context.drawImage(map, 0, 0, width, width);
    const [x, y] = place.map((value) => value * width);
    const radius = Math.max(width / (2.2 * CELLS), 14);
    for (const [colour, thick] of [[colours.surface, 7], [colours.fake, 3.5]]) {
      context.strokeStyle = colour;
      context.lineWidth = thick;
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.stroke();
    }
  };

  const go = (x, y) => {
    place = [x, y];
    drawPad();
    showImage();
  };
  const grip = pen($("map"), {
    heavy: true,
    start: (x, y) => {
      stop();
      go(x, y);
    },
    move: (x, y) => {
      stop();
      go(x, y);
    },
  });

  const redraw = () => {
    drawMap();
    showImage();
  };

  const walk = async () => {
    // From where the place is: a circle about the middle of the map.
    let angle = Math.atan2(place[1] - 0.5, place[0] - 0.5);
    let before = performance.now();
    while (walking) {
      const now = await next();
      angle += (2 * Math.PI * Math.max(now - before, 0)) / (1000 * ROUND);
      before = now;
      if (!walking) break;
      go(0.5 + 0.36 * Math.cos(angle), 0.5 + 0.36 * Math.sin(angle));
      grip.put(...place);
    }
  };
  const stop = () => {
    walking = false;
    $("walk").setAttribute("aria-pressed", "false");
  };

  const choose = async (name) => {
    drawing++;
    const loaded = await loadModel(name);
    if (name !== $("model").value) return;
    model = loaded;
    run = timed(model.run, $("milliseconds"));
    plane = latentPlane(model.inputs[0][0], seed);
    [map.height, map.width] = model.output.slice(0, 2).map((size) => size * CELLS);
    showClasses();
    redraw();
  };

  const press = () => {
    [...$("class-buttons").children].forEach((button, i) => {
      button.setAttribute("aria-pressed", String(i === chosen));
    });
  };
  const showClasses = () => {
    $("classes").hidden = !model.classes;
    if (!model.classes) return;
    const [first, second] = START[$("model").value];
    chosen = first;
    $("class-buttons").replaceChildren(
      ...model.classes.map((name, i) => {
        const button = document.createElement("button");
        button.textContent = name;
        button.addEventListener("click", () => {
          chosen = i;
          press();
          redraw();
        });
        return button;
      }),
    );
    $("other").replaceChildren(...model.classes.map((name, i) => new Option(name, i)));
    $("other").value = second;
    $("share").value = 0;
    $("share").nextElementSibling.value = "0 %";
    press();
  };

  $("model").addEventListener("change", () => choose($("model").value));
  $("other").addEventListener("change", redraw);
  $("share").addEventListener("input", () => {
    $("share").nextElementSibling.value = `${Math.round(100 * $("share").value)} %`;
    redraw();
  });
  $("plane").addEventListener("click", () => {
    plane = latentPlane(model.inputs[0][0], ++seed);
    redraw();
  });
  $("walk").addEventListener("click", () => {
    if (walking) return stop();
    walking = true;
    $("walk").setAttribute("aria-pressed", "true");
    walk();
  });
  whenChanged(() => model && drawPad());
  await choose($("model").value);
}
