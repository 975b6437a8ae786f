/**
 * The sliced Wasserstein distance of two batches of equally many points: how far, on average over
 * directions, the points of one have to be moved to lie where the other's are (Bonneel et al. 2015).
 *
 * Along one direction the best plan is known: the smallest goes to the smallest, and so on.
 */
export function slicedWasserstein(a, b, directions = 32) {
  const n = a.length / 2;
  let total = 0;
  for (let k = 0; k < directions; k++) {
    const angle = (Math.PI * k) / directions;
    const [p, q] = [a, b].map((points) => along(points, Math.cos(angle), Math.sin(angle)));
    for (let i = 0; i < n; i++) total += Math.abs(p[i] - q[i]);
  }
  return total / (n * directions);
}

function along(points, x, y) {
  const places = new Float64Array(points.length / 2);
  for (let i = 0; i < places.length; i++) places[i] = x * points[2 * i] + y * points[2 * i + 1];
  return places.sort();
}
