/**
 * The adversarial games: what each network minimises, and its derivative.
 *
 * All are means over a batch, and sums of one term for each point: `real(a)` and `fake(a)` are the
 * discriminator's for its raw output a at a real and at a generated point, `generator(a)` is the
 * generator's. Each returns [value, derivative with respect to a]. With D = sigmoid(a),
 *
 *     -log D = softplus(-a),    -log(1 - D) = softplus(a).
 */

const softplus = (a) => Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a)));
export const sigmoid = (a) => 1 / (1 + Math.exp(-a));

const likelyReal = (a) => [softplus(-a), sigmoid(a) - 1]; // -log D
const likelyFake = (a) => [softplus(a), sigmoid(a)]; // -log(1 - D)
const near = (target) => (a) => [(a - target) ** 2 / 2, a - target];

export const LOSSES = {
  // Goodfellow et al. 2014, section 3: the generator minimises -log D.
  non_saturating: { real: likelyReal, fake: likelyFake, generator: likelyReal },
  // The same, eq. 1: the generator minimises log(1 - D).
  minimax: {
    real: likelyReal,
    fake: likelyFake,
    generator: (a) => likelyFake(a).map((x) => -x),
  },
  // Mao et al. 2017, eq. 9.
  least_squares: { real: near(1), fake: near(0), generator: near(1) },
  // Gulrajani et al. 2017, eq. 3: the critic's slope is held near 1 by a penalty.
  wasserstein_penalty: {
    real: (a) => [-a, -1],
    fake: (a) => [a, 1],
    generator: (a) => [-a, -1],
    penalty: 1,
  },
  // Arjovsky et al. 2017, algorithm 1: its slope is bounded by clipping all weights.
  wasserstein_clipping: {
    real: (a) => [-a, -1],
    fake: (a) => [a, 1],
    generator: (a) => [-a, -1],
    clip: 0.2,
  },
};

/** The mean of `loss` over outputs, and its derivative with respect to each of them. */
export function mean(loss, outputs) {
  const gradient = new Float64Array(outputs.length);
  let total = 0;
  for (let i = 0; i < outputs.length; i++) {
    const [value, derivative] = loss(outputs[i]);
    total += value;
    gradient[i] = derivative / outputs.length;
  }
  return [total / outputs.length, gradient];
}

/**
 * weight * E[(|dD/dx| - 1)^2] at the rows of x, two numbers each (Gulrajani et al. 2017, eq. 3).
 *
 * Adds its gradients to the discriminator's, and returns its value.
 */
export function gradientPenalty(discriminator, x, weight) {
  const n = discriminator.forward(x).length;
  const slopes = discriminator.backward(new Float64Array(n).fill(1), { learn: false });
  const v = new Float64Array(x.length);
  let total = 0;
  for (let i = 0; i < n; i++) {
    const norm = Math.hypot(slopes[2 * i], slopes[2 * i + 1]);
    total += (norm - 1) ** 2;
    // d(norm - 1)^2 / d slope = 2 (norm - 1) slope / norm.
    const factor = (2 * weight * (norm - 1)) / (n * Math.max(norm, 1e-12));
    v[2 * i] = factor * slopes[2 * i];
    v[2 * i + 1] = factor * slopes[2 * i + 1];
  }
  discriminator.penalize(v);
  return (weight * total) / n;
}
