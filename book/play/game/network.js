/**
 * A network of dense layers, leaky ReLU between them, and backpropagation written out.
 *
 * A batch is a Float64Array of n rows, one after the other: number j of row i is x[i * width + j].
 */

import { normal } from "../random.js";

const SLOPE = 0.2; // Of leaky ReLU where it is negative.

export class Network {
  /** sizes: numbers a row has before the first layer and after each, such as [2, 32, 32, 1]. */
  constructor(sizes, random) {
    const count = sizes.slice(1).reduce((sum, out, i) => sum + (sizes[i] + 1) * out, 0);
    // All parameters in one array, and all gradients in another: the optimizer sees nothing else.
    this.parameters = new Float64Array(count);
    this.gradients = new Float64Array(count);
    let start = 0;
    const take = (n) => {
      const views = [this.parameters, this.gradients].map((a) => a.subarray(start, start + n));
      start += n;
      return views;
    };
    this.layers = sizes.slice(1).map((outputs, i) => {
      const inputs = sizes[i];
      const [weights, weightGradients] = take(inputs * outputs);
      const [biases, biasGradients] = take(outputs);
      // Variance 2 / inputs keeps the size of the signal through ReLUs (He et al. 2015).
      const scale = Math.sqrt(2 / inputs);
      for (let k = 0; k < weights.length; k++) weights[k] = scale * normal(random);
      return { inputs, outputs, weights, biases, weightGradients, biasGradients };
    });
  }

  /** The network's output for a batch. What `backward` needs is kept in `values`. */
  forward(x) {
    this.values = [x];
    this.layers.forEach((layer, i) => {
      const y = multiply(this.values[i], layer, layer.biases);
      if (i < this.layers.length - 1) {
        for (let k = 0; k < y.length; k++) if (y[k] < 0) y[k] *= SLOPE;
      }
      this.values.push(y);
    });
    return this.values.at(-1);
  }

  /**
   * The gradient with respect to the input, given that with respect to the output.
   *
   * Adds to `gradients` those of the parameters, unless `learn` is false.
   * `values`: see `penalize`.
   */
  backward(gradient, { learn = true, values = this.values, biases = true } = {}) {
    for (let i = this.layers.length - 1; i >= 0; i--) {
      const layer = this.layers[i];
      if (i < this.layers.length - 1) gradient = this.#throughActivation(gradient, i + 1);
      if (learn) accumulate(layer, values[i], gradient, biases);
      gradient = multiplyTransposed(gradient, layer);
    }
    return gradient;
  }

  /**
   * Adds to `gradients` those of sum(v * dD/dx), for the batch of the last `forward`.
   *
   * Between its kinks the network is linear, with the slopes of that batch: dD/dx along v is what
   * comes out when v itself is sent through, without biases. So backpropagation applies once more,
   * with what v became in each layer in place of the layers' values.
   */
  penalize(v) {
    const values = [v];
    this.layers.forEach((layer, i) => {
      const y = multiply(values[i], layer, null);
      values.push(i < this.layers.length - 1 ? this.#throughActivation(y, i + 1) : y);
    });
    const ones = new Float64Array(values.at(-1).length).fill(1);
    this.backward(ones, { values, biases: false });
  }

  /** Leaky ReLU's derivative at layer i, times x. */
  #throughActivation(x, i) {
    const kept = this.values[i];
    return x.map((value, k) => (kept[k] < 0 ? SLOPE * value : value));
  }
}

/** x W + b; without b if it is null. */
function multiply(x, { inputs, outputs, weights }, biases) {
  const n = x.length / inputs;
  const y = new Float64Array(n * outputs);
  for (let row = 0; row < n; row++) {
    const at = row * outputs;
    if (biases) for (let j = 0; j < outputs; j++) y[at + j] = biases[j];
    for (let i = 0; i < inputs; i++) {
      const value = x[row * inputs + i];
      for (let j = 0, k = i * outputs; j < outputs; j++, k++) y[at + j] += value * weights[k];
    }
  }
  return y;
}

/** g W^T */
function multiplyTransposed(gradient, { inputs, outputs, weights }) {
  const n = gradient.length / outputs;
  const x = new Float64Array(n * inputs);
  for (let row = 0; row < n; row++) {
    const at = row * outputs;
    for (let i = 0; i < inputs; i++) {
      let sum = 0;
      for (let j = 0, k = i * outputs; j < outputs; j++, k++) sum += gradient[at + j] * weights[k];
      x[row * inputs + i] = sum;
    }
  }
  return x;
}

/** Adds x^T g to the gradients of the weights, and the sum of g over rows to those of the biases. */
function accumulate(layer, x, gradient, biases) {
  const { inputs, outputs, weightGradients, biasGradients } = layer;
  const n = x.length / inputs;
  for (let row = 0; row < n; row++) {
    const at = row * outputs;
    for (let i = 0; i < inputs; i++) {
      const value = x[row * inputs + i];
      for (let j = 0, k = i * outputs; j < outputs; j++, k++) {
        weightGradients[k] += value * gradient[at + j];
      }
    }
    if (biases) for (let j = 0; j < outputs; j++) biasGradients[j] += gradient[at + j];
  }
}
