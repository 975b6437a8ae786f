/** The networks and losses of the page's game, against finite differences; and what it learns. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Adam } from "../../book/play/game/adam.js";
import { SHAPES, countModes, drawn, sample } from "../../book/play/game/data.js";
import { slicedWasserstein } from "../../book/play/game/distance.js";
import { Game } from "../../book/play/game/game.js";
import { LOSSES, gradientPenalty, mean } from "../../book/play/game/losses.js";
import { Network } from "../../book/play/game/network.js";
import { PRESETS } from "../../book/play/game/presets.js";
import { normal, uniform } from "../../book/play/random.js";

const H = 1e-6;

/** The derivatives of f with respect to the numbers in `array`, by central differences. */
function differences(f, array) {
  return Array.from(array, (value, i) => {
    const [up, down] = [value + H, value - H].map((changed) => {
      array[i] = changed;
      return f();
    });
    array[i] = value;
    return (up - down) / (2 * H);
  });
}

function assertClose(actual, expected, tolerance = 1e-6) {
  assert.equal(actual.length, expected.length);
  const worst = Math.max(...expected.map((value, i) => Math.abs(value - actual[i])));
  assert.ok(worst < tolerance, `differs by ${worst}`);
  assert.ok(Math.max(...expected.map(Math.abs)) > 1e-3, "all derivatives are 0: nothing was tested");
}

const points = (n, seed) => sample((random) => [normal(random), normal(random)], n, uniform(seed));

for (const [name, terms] of Object.entries(LOSSES)) {
  for (const role of ["real", "fake", "generator"]) {
    test(`gradients of ${name}, ${role}: parameters and points`, () => {
      const network = new Network([2, 7, 5, 1], uniform(1));
      const x = points(6, 2);
      const loss = () => mean(terms[role], network.forward(x))[0];
      const [, outputs] = mean(terms[role], network.forward(x));
      const atPoints = network.backward(outputs);
      assertClose(network.gradients, differences(loss, network.parameters));
      assertClose(atPoints, differences(loss, x));
    });
  }
}

test("gradients of the gradient penalty", () => {
  const network = new Network([2, 7, 5, 1], uniform(3));
  const x = points(6, 4);
  gradientPenalty(network, x, 2);
  const gradients = network.gradients.slice();
  assertClose(gradients, differences(() => gradientPenalty(network, x, 2), network.parameters));
});

test("the generator's gradient goes through the discriminator", () => {
  const game = new Game(SHAPES.ring, { width: 6, seed: 5 });
  const z = game.sampleLatent(9);
  const loss = () => game.push(game.generator.forward(z)).loss;
  const { gradient } = game.push(game.generator.forward(z));
  game.generator.backward(gradient);
  assertClose(game.generator.gradients, differences(loss, game.generator.parameters));
});

test("Adam's first step is the learning rate against the sign of the gradient", () => {
  const network = new Network([1, 1], uniform(0));
  const before = network.parameters.slice();
  network.gradients.set([3, -0.01]);
  new Adam(network).step(0.1);
  assertClose(network.parameters.map((w, i) => w - before[i]), [-0.1, 0.1]);
  assert.deepEqual([...network.gradients], [0, 0]);
});

test("the sliced Wasserstein distance of a shifted copy is the shift times 2 / pi", () => {
  const a = points(500, 6);
  // In another order, which the distance must not see.
  const b = Float64Array.from(a, (_, i) => (i % 2 ? a[1000 - i] : a[998 - i] + 0.5));
  assert.ok(Math.abs(slicedWasserstein(a, b) - 1 / Math.PI) < 1e-3);
  assert.equal(slicedWasserstein(a, a), 0);
});

test("modes are counted", () => {
  assert.equal(countModes(sample(SHAPES.ring, 2000, uniform(7))).modes, 8);
  assert.deepEqual(countModes(Float64Array.of(2, 0, 2.1, 0, 0, 0)), { modes: 1, good: 2 / 3 });
});

test("one seed gives one game, another another; what is drawn is drawn from", () => {
  const play = (seed) => {
    const game = new Game(drawn([[1, 1], [-1, 0]]), { seed });
    for (let i = 0; i < 5; i++) game.step();
    return game.measure().distance;
  };
  assert.equal(play(1), play(1));
  assert.notEqual(play(1), play(2));
});

/** A game after so many steps of what a preset says. */
function played({ shape, settings, steps }) {
  const game = new Game(SHAPES[shape], settings);
  for (let i = 0; i < steps; i++) game.step();
  return game;
}

for (const seed of [1, 2, 3]) {
  test(`the ring is learned with the defaults, seed ${seed}`, () => {
    const { steps, ...preset } = PRESETS.ring;
    const before = played({ ...preset, settings: { seed }, steps: 0 }).measure().distance;
    const game = played({ ...preset, settings: { seed }, steps });
    const { distance, points: generated } = game.measure();
    const { modes, good } = countModes(generated);
    console.log(`after ${steps} steps: ${distance.toFixed(3)}, ${modes} modes, ${good.toFixed(2)}`);
    assert.ok(before > 0.8 && distance < 0.2, `distance ${before}, then ${distance}`);
    assert.equal(modes, 8);
  });
}

test("a generator that learns too fast collapses", () => {
  const game = played(PRESETS.collapse);
  let most = 0;
  for (let i = 0; i < 20; i++) {
    for (let k = 0; k < 10; k++) game.step();
    const { modes } = countModes(game.measure().points);
    most = Math.max(most, modes);
  }
  assert.ok(most <= 5, `${most} modes`);
});

test("minimax against a strong discriminator leaves no gradient, non-saturating does", () => {
  const game = played(PRESETS.vanishing);
  const z = game.sampleLatent(400);
  const median = (loss) => {
    game.settings.loss = loss;
    const { gradient } = game.push(game.generator.forward(z));
    const lengths = Float64Array.from({ length: 400 }, (_, i) =>
      400 * Math.hypot(gradient[2 * i], gradient[2 * i + 1]),
    );
    return lengths.sort()[200];
  };
  assert.ok(median("minimax") < 0.1, `minimax: ${median("minimax")}`);
  assert.ok(median("non_saturating") > 1, `non-saturating: ${median("non_saturating")}`);
});

test("on two moons the gradient penalty gets nearer than clipping", () => {
  const distances = ["penalty", "clipping"].map((name) => {
    const game = played(PRESETS[name]);
    // The mean of some steps, since the game goes on.
    let total = 0;
    for (let i = 0; i < 10; i++) {
      for (let k = 0; k < 10; k++) game.step();
      total += game.measure().distance / 10;
    }
    return total;
  });
  console.log(`penalty ${distances[0].toFixed(3)}, clipping ${distances[1].toFixed(3)}`);
  assert.ok(distances[0] < 0.15 && distances[0] < 0.8 * distances[1], distances.join(", "));
});
