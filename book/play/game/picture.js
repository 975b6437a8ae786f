/** The plane [-3, 3]^2: the discriminator's field, both kinds of points, arrows, the folded sheet. */

import { colours, prepare, rgb } from "../canvas.js";
import { sigmoid } from "./losses.js";

const EXTENT = 3;
const CELLS = 48; // Of the field, in each direction.
const LINES = 13; // Of the latent square, in each direction.
const ARROWS = 60;

export class Picture {
  constructor(canvas) {
    this.canvas = canvas;
    this.field = new OffscreenCanvas(CELLS, CELLS);
  }

  /** The point of the plane at a place of the canvas, (x, y) in [0, 1]. */
  static toPlane = (x, y) => [EXTENT * (2 * x - 1), EXTENT * (1 - 2 * y)];

  /** real: points to show; z: latent vectors whose points to show; shown: what, by name. */
  draw(game, real, z, shown, cursor) {
    const { context, width } = prepare(this.canvas);
    this.context = context;
    this.scale = width / (2 * EXTENT);
    if (shown.field) this.#drawField(game, width);
    if (shown.sheet && game.settings.latent === 2) this.#drawSheet(game);
    const fake = game.generator.forward(z);
    if (shown.real) this.#drawPoints(real, colours.real, "square");
    if (shown.fake) this.#drawPoints(fake, colours.fake, "disc");
    if (shown.arrows) this.#drawArrows(game, fake);
    if (cursor) this.#drawCursor(cursor);
  }

  #x = (x) => (x + EXTENT) * this.scale;
  #y = (y) => (EXTENT - y) * this.scale;

  /** How real the discriminator takes each place to be: blue for real, orange for generated. */
  #drawField(game, width) {
    const cells = new Float64Array(2 * CELLS * CELLS);
    for (let i = 0; i < CELLS * CELLS; i++) {
      const x = ((i % CELLS) + 0.5) / CELLS;
      const y = (Math.floor(i / CELLS) + 0.5) / CELLS;
      cells.set(Picture.toPlane(x, y), 2 * i);
    }
    const outputs = game.discriminator.forward(cells);
    const opinion = this.#opinion(game.settings.loss, outputs);
    const context = this.field.getContext("2d");
    const image = context.createImageData(CELLS, CELLS);
    const [real, fake] = [rgb(colours.real), rgb(colours.fake)];
    outputs.forEach((output, i) => {
      const lean = 2 * opinion(output) - 1; // -1 generated, 1 real
      const colour = lean > 0 ? real : fake;
      image.data.set([...colour, 150 * Math.abs(lean)], 4 * i);
    });
    context.putImageData(image, 0, 0);
    this.context.imageSmoothingQuality = "high";
    this.context.drawImage(this.field, 0, 0, width, width);
  }

  /** From the raw output to [0, 1]: a probability where the game has one. */
  #opinion(loss, outputs) {
    if (loss === "least_squares") return (a) => Math.min(Math.max(a, 0), 1);
    if (!loss.startsWith("wasserstein")) return sigmoid;
    // A critic's zero means nothing, only differences do.
    const middle = outputs.reduce((a, b) => a + b) / outputs.length;
    const reach = outputs.reduce((most, a) => Math.max(most, Math.abs(a - middle)), 1e-9);
    return (a) => 0.5 + (0.5 * (a - middle)) / reach;
  }

  #drawPoints(points, colour, form) {
    const { context } = this;
    context.fillStyle = colour;
    context.strokeStyle = colours.surface;
    context.lineWidth = 2;
    const size = Math.max(this.scale / 30, 2);
    context.beginPath();
    for (let i = 0; i < points.length; i += 2) {
      const [x, y] = [this.#x(points[i]), this.#y(points[i + 1])];
      if (form === "square") context.rect(x - size, y - size, 2 * size, 2 * size);
      else {
        context.moveTo(x + size, y);
        context.arc(x, y, size, 0, 2 * Math.PI);
      }
    }
    // Outlines lie under the fillings, so that a dense crowd keeps its colour.
    context.stroke();
    context.fill();
  }

  /** Where the generator's loss pulls each point; as long as the pull is strong, up to a length. */
  #drawArrows(game, fake) {
    const { context } = this;
    const n = fake.length / 2;
    const { gradient } = game.push(fake);
    context.strokeStyle = colours.ink;
    context.lineWidth = 1.2;
    context.beginPath();
    for (let i = 0; i < Math.min(ARROWS, n); i++) {
      // The loss is a mean over n points; the arrow shows the pull on one.
      let [dx, dy] = [-n * gradient[2 * i], -n * gradient[2 * i + 1]];
      const length = Math.hypot(dx, dy);
      const drawn = Math.min(0.3 * length, 0.5);
      if (drawn * this.scale < 1.5) continue;
      [dx, dy] = [(dx / length) * drawn, (dy / length) * drawn];
      const [x, y] = [fake[2 * i], fake[2 * i + 1]];
      const [tipX, tipY] = [this.#x(x + dx), this.#y(y + dy)];
      context.moveTo(this.#x(x), this.#y(y));
      context.lineTo(tipX, tipY);
      const head = Math.min(0.35 * drawn * this.scale, 5);
      for (const turn of [2.6, -2.6]) {
        const angle = Math.atan2(-dy, dx) + turn;
        context.moveTo(tipX, tipY);
        context.lineTo(tipX + head * Math.cos(angle), tipY + head * Math.sin(angle));
      }
    }
    context.stroke();
  }

  /** What the generator makes of straight lines through its latent square. */
  #drawSheet(game) {
    const { context } = this;
    const along = 48;
    const z = [];
    for (let axis = 0; axis < 2; axis++) {
      for (let line = 0; line < LINES; line++) {
        for (let i = 0; i < along; i++) {
          const pair = [(2 * line) / (LINES - 1) - 1, (2 * i) / (along - 1) - 1];
          z.push(...(axis ? pair : pair.reverse()));
        }
      }
    }
    const points = game.generator.forward(Float64Array.from(z));
    context.strokeStyle = colours.fake;
    context.globalAlpha = 0.45;
    context.lineWidth = 1;
    context.beginPath();
    for (let i = 0; i < points.length / 2; i++) {
      const [x, y] = [this.#x(points[2 * i]), this.#y(points[2 * i + 1])];
      if (i % along) context.lineTo(x, y);
      else context.moveTo(x, y);
    }
    context.stroke();
    context.globalAlpha = 1;
  }

  #drawCursor([x, y]) {
    this.context.strokeStyle = colours.ink;
    this.context.lineWidth = 2;
    this.context.beginPath();
    this.context.arc(this.#x(x), this.#y(y), 7, 0, 2 * Math.PI);
    this.context.stroke();
  }
}
