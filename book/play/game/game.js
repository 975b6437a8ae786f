/** The game of two networks (Goodfellow et al. 2014, algorithm 1), for points in the plane. */

import { uniform } from "../random.js";
import { Adam } from "./adam.js";
import { sample } from "./data.js";
import { slicedWasserstein } from "./distance.js";
import { LOSSES, gradientPenalty, mean } from "./losses.js";
import { Network } from "./network.js";

export const DEFAULTS = {
  loss: "non_saturating",
  generatorRate: 0.002,
  discriminatorRate: 0.006,
  discriminatorSteps: 1,
  batch: 64,
  width: 32,
  latent: 2,
  seed: 1,
};

export class Game {
  /** shape: see data.js. The settings but for width, latent and seed may change while it runs. */
  constructor(shape, settings = {}) {
    this.settings = { ...DEFAULTS, ...settings };
    this.shape = shape;
    this.random = uniform(this.settings.seed);
    const { width, latent } = this.settings;
    this.generator = new Network([latent, width, width, 2], this.random);
    this.discriminator = new Network([2, width, width, 1], this.random);
    this.generatorOptimizer = new Adam(this.generator);
    this.discriminatorOptimizer = new Adam(this.discriminator);
    this.steps = 0;
    this.losses = { discriminator: NaN, generator: NaN };
  }

  get game() {
    return LOSSES[this.settings.loss];
  }

  /** n latent vectors, uniform in the square [-1, 1]^2. */
  sampleLatent(n, random = this.random) {
    return Float64Array.from({ length: n * this.settings.latent }, () => 2 * random() - 1);
  }

  /** The discriminator is shown real and generated points, and takes one step. */
  stepDiscriminator() {
    const { settings, game, discriminator } = this;
    const real = sample(this.shape, settings.batch, this.random);
    const fake = this.generator.forward(this.sampleLatent(settings.batch));
    let loss = 0;
    for (const [points, term] of [[real, game.real], [fake, game.fake]]) {
      const [value, gradient] = mean(term, discriminator.forward(points));
      discriminator.backward(gradient);
      loss += value;
    }
    this.losses.discriminator = loss; // Without the penalty: of Wasserstein, minus the estimate.
    if (game.penalty) gradientPenalty(discriminator, this.#between(real, fake), game.penalty);
    this.discriminatorOptimizer.step(settings.discriminatorRate);
    if (game.clip) {
      const { parameters } = discriminator;
      const clip = (w) => Math.min(Math.max(w, -game.clip), game.clip);
      for (let i = 0; i < parameters.length; i++) parameters[i] = clip(parameters[i]);
    }
  }

  /** The generator's points are judged, and it takes one step against the judgement. */
  stepGenerator() {
    const fake = this.generator.forward(this.sampleLatent(this.settings.batch));
    const { loss, gradient } = this.push(fake);
    this.generator.backward(gradient);
    this.generatorOptimizer.step(this.settings.generatorRate);
    this.losses.generator = loss;
  }

  /** The generator's loss at points, and its gradient with respect to each: the way they go is
   * against it. */
  push(points) {
    const [loss, outputs] = mean(this.game.generator, this.discriminator.forward(points));
    return { loss, gradient: this.discriminator.backward(outputs, { learn: false }) };
  }

  /** One round: some steps of the discriminator, one of the generator. */
  step() {
    for (let i = 0; i < this.settings.discriminatorSteps; i++) this.stepDiscriminator();
    this.stepGenerator();
    this.steps++;
  }

  /** Sliced Wasserstein distance of n generated points to n real ones, which are always the same. */
  measure(n = 1000) {
    const random = uniform(0);
    const real = sample(this.shape, n, random);
    const fake = this.generator.forward(this.sampleLatent(n, random));
    return { distance: slicedWasserstein(real, fake), points: fake };
  }

  /** What `measure` would find for a perfect generator: the distance of two batches of real points. */
  floor(n = 1000) {
    const random = uniform(0);
    return slicedWasserstein(sample(this.shape, n, random), sample(this.shape, n, random));
  }

  /** Points between pairs of real and generated ones, where the penalty is taken. */
  #between(real, fake) {
    const points = new Float64Array(real.length);
    for (let i = 0; i < real.length; i += 2) {
      const t = this.random();
      for (let j = i; j < i + 2; j++) points[j] = t * real[j] + (1 - t) * fake[j];
    }
    return points;
  }
}
