/** Adam (Kingma & Ba 2015, arXiv:1412.6980, algorithm 1). */

export class Adam {
  constructor(network, { beta1 = 0.5, beta2 = 0.9, epsilon = 1e-8 } = {}) {
    Object.assign(this, { network, beta1, beta2, epsilon, steps: 0 });
    this.mean = new Float64Array(network.parameters.length);
    this.square = new Float64Array(network.parameters.length);
  }

  /** One step down the gradients that the network has gathered, which are then set to 0. */
  step(learningRate) {
    const { parameters, gradients } = this.network;
    const { mean, square, beta1, beta2, epsilon } = this;
    this.steps++;
    const rate = (learningRate * Math.sqrt(1 - beta2 ** this.steps)) / (1 - beta1 ** this.steps);
    for (let i = 0; i < parameters.length; i++) {
      const gradient = gradients[i];
      mean[i] += (1 - beta1) * (gradient - mean[i]);
      square[i] += (1 - beta2) * (gradient * gradient - square[i]);
      parameters[i] -= (rate * mean[i]) / (Math.sqrt(square[i]) + epsilon);
    }
    gradients.fill(0);
  }
}
