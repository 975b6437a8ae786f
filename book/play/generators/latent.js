/** A plane through latent space. */

import { normal, uniform } from "../random.js";

const REACH = 1.2; // Of the plane, in each direction.

/**
 * A function from (x, y) in [0, 1] to a latent vector, for a plane through three random ones.
 *
 * In `dimension` dimensions nearly all normal vectors are about sqrt(dimension) long, and the
 * generator has seen no others: each vector of the plane is brought to that length.
 */
export function latentPlane(dimension, seed) {
  const random = uniform(seed);
  const vector = () => Float32Array.from({ length: dimension }, () => normal(random));
  const [centre, right, down] = [vector(), vector(), vector()];
  return (x, y) => {
    const [s, t] = [x, y].map((value) => REACH * (2 * value - 1));
    const z = centre.map((value, i) => value + s * right[i] + t * down[i]);
    const length = Math.hypot(...z);
    return z.map((value) => (value * Math.sqrt(dimension)) / length);
  };
}

/** Shares of the classes: all of one, or part of another. */
export function shares(count, first, second = first, share = 0) {
  const y = new Float32Array(count);
  y[first] += 1 - share;
  y[second] += share;
  return y;
}
