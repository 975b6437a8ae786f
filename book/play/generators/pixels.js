/** Between a network's numbers, in [-1, 1] with channels last, and pixels of a canvas. */

/** Numbers of shape (height, width, 1 or 3) as an ImageData. */
export function toPixels(values, [height, width, channels]) {
  const image = new ImageData(width, height);
  for (let i = 0; i < height * width; i++) {
    for (let c = 0; c < 3; c++) {
      // Rounded and cut to 0 ... 255 by the array.
      image.data[4 * i + c] = (values[i * channels + (channels === 3 ? c : 0)] + 1) * 127.5;
    }
    image.data[4 * i + 3] = 255;
  }
  return image;
}

/** A grey ImageData as numbers, (height, width, 1). */
export function fromPixels(image) {
  return Float32Array.from(
    { length: image.width * image.height },
    (_, i) => image.data[4 * i] / 127.5 - 1,
  );
}

/** Shows numbers on a canvas, which takes their size. */
export function show(canvas, values, shape) {
  [canvas.height, canvas.width] = shape;
  canvas.getContext("2d").putImageData(toPixels(values, shape), 0, 0);
}
