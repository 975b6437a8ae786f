/** Canvases that are as sharp as the screen, in the colours of style.css. */

/** The canvas' context, in units of CSS pixels, and its size in them; cleared. */
export function prepare(canvas) {
  const ratio = window.devicePixelRatio || 1;
  const { clientWidth: width, clientHeight: height } = canvas;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

/** The page's colours by name, such as colours.real for --real; anew when light and dark change. */
export const colours = {};
const names = ["real", "fake", "surface", "ink", "faint", "line"];
const scheme = window.matchMedia("(prefers-color-scheme: dark)");
function read() {
  const style = getComputedStyle(document.documentElement);
  for (const name of names) colours[name] = style.getPropertyValue(`--${name}`).trim();
}
read();

/** Calls `draw` whenever what is drawn has to be drawn anew: other colours, another size. */
export function whenChanged(draw) {
  scheme.addEventListener("change", () => {
    read();
    draw();
  });
  window.addEventListener("resize", draw);
}

/** [red, green, blue] of a colour written as #rrggbb. */
export const rgb = (colour) => [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
