/** What the page suggests to try: a shape, settings that differ from the defaults, and the number
 * of steps after which it can be seen. */

// A critic has to be ahead of the generator for its slope to mean anything.
const CRITIC = { discriminatorSteps: 5, generatorRate: 0.001, discriminatorRate: 0.003 };

export const PRESETS = {
  ring: { shape: "ring", settings: {}, steps: 2000 },
  collapse: {
    shape: "ring",
    settings: { generatorRate: 0.01, discriminatorRate: 0.0005 },
    steps: 1500,
  },
  vanishing: {
    shape: "ring",
    settings: { loss: "minimax", discriminatorSteps: 10, generatorRate: 0.0005 },
    steps: 300,
  },
  penalty: {
    shape: "moons",
    settings: { loss: "wasserstein_penalty", ...CRITIC },
    steps: 800,
  },
  clipping: {
    shape: "moons",
    settings: { loss: "wasserstein_clipping", ...CRITIC },
    steps: 800,
  },
};
