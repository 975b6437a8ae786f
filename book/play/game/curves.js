/** Curves over steps. */

import { colours, prepare } from "../canvas.js";

const [LEFT, RIGHT, TOP, BOTTOM] = [38, 8, 8, 20];

/**
 * Draws lines, {values, colour, dashed}, over `steps`: one value for each step that was recorded.
 *
 * The axis goes from 0, or from the lowest value if that is negative, to the highest.
 */
export function drawCurves(canvas, steps, lines) {
  const { context, width, height } = prepare(canvas);
  const finite = lines.flatMap(({ values }) => values).filter(Number.isFinite);
  const low = Math.min(0, ...range(finite));
  const high = Math.max(low + 1e-3, ...range(finite));
  const last = Math.max(steps.at(-1) ?? 0, 1);
  const x = (step) => LEFT + (step / last) * (width - LEFT - RIGHT);
  const y = (value) => height - BOTTOM - ((value - low) / (high - low)) * (height - TOP - BOTTOM);

  context.font = "11px system-ui, sans-serif";
  context.fillStyle = colours.faint;
  context.strokeStyle = colours.line;
  context.lineWidth = 1;
  context.textAlign = "right";
  for (const tick of ticks(low, high)) {
    context.fillText(String(tick), LEFT - 5, y(tick) + 4);
    context.beginPath();
    context.moveTo(LEFT, y(tick));
    context.lineTo(width - RIGHT, y(tick));
    context.stroke();
  }
  context.fillText(`step ${last}`, width - RIGHT, height - 5);
  for (const { values, colour, dashed } of lines) {
    context.strokeStyle = colour;
    context.lineWidth = 1.8;
    context.setLineDash(dashed ? [5, 4] : []);
    context.beginPath();
    values.forEach((value, i) => context.lineTo(x(steps[i]), y(value)));
    context.stroke();
  }
  context.setLineDash([]);
}

/** Lowest and highest, without what one step in a hundred reaches. */
function range(values) {
  if (!values.length) return [0];
  const sorted = Float64Array.from(values).sort();
  const at = (share) => sorted[Math.round(share * (sorted.length - 1))];
  return [at(0.005), at(0.995)];
}

/** Three to six round numbers between low and high. */
function ticks(low, high) {
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
  const digits = Math.max(0, -Math.floor(Math.log10(step)));
  const found = [];
  for (let k = Math.ceil(low / step); k * step <= high; k++) found.push(+(k * step).toFixed(digits));
  return found;
}
