/**
 * A pen on a canvas: mouse, finger or keys. Places are (x, y) in [0, 1], from the top left corner.
 *
 * Keys: arrows move, with Shift in large steps; space or Enter sets the pen down and lifts it.
 *
 * start(x, y): the pen is set down; move(x, y): it is moved there; end(): it is lifted;
 * hover(x, y): the keys move it while it is up. heavy: the keys' pen is always down.
 */
export function pen(canvas, { start, move, end = () => {}, hover = () => {}, heavy = false }) {
  let down = false;
  let place = [0.5, 0.5];
  const clamp = (value) => Math.min(Math.max(value, 0), 1);
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    place = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    place = place.map(clamp);
    return place;
  };
  const lift = () => {
    if (down) end();
    down = false;
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    canvas.setPointerCapture(event.pointerId);
    down = true;
    start(...at(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!down || !event.buttons) return;
    // A fast hand moves further between two frames than a line is wide.
    const events = event.getCoalescedEvents?.() ?? [];
    for (const each of events.length ? events : [event]) move(...at(each));
  });
  for (const name of ["pointerup", "pointercancel", "blur"]) canvas.addEventListener(name, lift);

  canvas.addEventListener("keydown", (event) => {
    const directions = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const direction = directions[event.key];
    if (direction) {
      const step = event.shiftKey ? 0.1 : 0.02;
      place = place.map((value, i) => clamp(value + step * direction[i]));
      (down || heavy ? move : hover)(...place);
    } else if ((event.key === " " || event.key === "Enter") && !heavy) {
      if (down) lift();
      else {
        down = true;
        start(...place);
      }
    } else return;
    event.preventDefault();
  });
  /** Tells the keys where the pen is when something else has moved it. */
  return { put: (x, y) => (place = [x, y].map(clamp)) };
}
