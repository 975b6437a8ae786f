/** Where real points come from: functions that return one point [x, y]. The plane is [-3, 3]^2. */

import { normal } from "../random.js";

const MODES = 8;
export const RING = { modes: MODES, radius: 2, std: 0.1 };

export const SHAPES = {
  ring(random) {
    const angle = (2 * Math.PI * Math.floor(MODES * random())) / MODES;
    return [
      RING.radius * Math.cos(angle) + RING.std * normal(random),
      RING.radius * Math.sin(angle) + RING.std * normal(random),
    ];
  },
  line(random) {
    const t = 4 * random() - 2;
    return [t + 0.05 * normal(random), 0.6 * t + 0.05 * normal(random)];
  },
  moons(random) {
    const angle = Math.PI * random();
    const upper = random() < 0.5;
    const x = upper ? Math.cos(angle) - 0.5 : 0.5 - Math.cos(angle);
    const y = upper ? Math.sin(angle) - 0.25 : 0.25 - Math.sin(angle);
    return [1.5 * x + 0.1 * normal(random), 1.5 * y + 0.1 * normal(random)];
  },
};

/** What a reader has drawn, each point blurred a little so that it can be drawn from for ever. */
export const drawn = (points) => (random) => {
  const [x, y] = points[Math.floor(points.length * random())];
  return [x + 0.05 * normal(random), y + 0.05 * normal(random)];
};

/** A batch of n points. */
export function sample(shape, n, random) {
  const batch = new Float64Array(2 * n);
  for (let i = 0; i < n; i++) batch.set(shape(random), 2 * i);
  return batch;
}

/**
 * How many Gaussians of the ring the points reach, and the share of points within three standard
 * deviations of one: the counts of Srivastava et al. 2017, arXiv:1705.07761. A mode counts as
 * reached by 1 % of the points or more.
 */
export function countModes(points) {
  const hits = new Array(MODES).fill(0);
  const n = points.length / 2;
  for (let i = 0; i < n; i++) {
    const [x, y] = [points[2 * i], points[2 * i + 1]];
    const nearest = (Math.round((Math.atan2(y, x) * MODES) / (2 * Math.PI)) + MODES) % MODES;
    const angle = (2 * Math.PI * nearest) / MODES;
    const distance = Math.hypot(
      x - RING.radius * Math.cos(angle),
      y - RING.radius * Math.sin(angle),
    );
    if (distance <= 3 * RING.std) hits[nearest]++;
  }
  return {
    modes: hits.filter((count) => count >= 0.01 * n).length,
    good: hits.reduce((a, b) => a + b) / n,
  };
}
