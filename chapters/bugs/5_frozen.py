"""A GAN in the manner of early Keras code: two compiled models, trained in turns.

Real points lie around (2, 2).
"""

import keras
import numpy as np
from keras import layers

keras.utils.set_random_seed(0)
STEPS, BATCH = 500, 64

generator = keras.Sequential(
    [keras.Input((4,)), layers.Dense(32, activation="relu"), layers.Dense(2)]
)
discriminator = keras.Sequential(
    [
        keras.Input((2,)),
        layers.Dense(32),
        layers.BatchNormalization(),
        layers.LeakyReLU(0.2),
        layers.Dense(1),
    ]
)
loss = keras.losses.BinaryCrossentropy(from_logits=True)
discriminator.compile(keras.optimizers.Adam(2e-3, 0.5), loss)

# The generator is trained through a discriminator that stays as it is.
discriminator.trainable = False
combined = keras.Sequential([generator, discriminator])
combined.compile(keras.optimizers.Adam(2e-3, 0.5), loss)


def main(steps=STEPS):
    before = [w.copy() for w in discriminator.get_weights()]
    for _ in range(steps):
        real = np.random.normal(2, 0.1, (BATCH, 2))
        fake = generator.predict_on_batch(np.random.normal(size=(BATCH, 4)))
        discriminator.train_on_batch(real, np.ones((BATCH, 1)))
        discriminator.train_on_batch(fake, np.zeros((BATCH, 1)))
        combined.train_on_batch(np.random.normal(size=(BATCH, 4)), np.ones((BATCH, 1)))
    after = discriminator.get_weights()
    moved = float(np.mean([np.abs(a - b).mean() for a, b in zip(after, before, strict=True)]))
    points = generator.predict_on_batch(np.random.normal(size=(500, 4)))
    distance = float(np.linalg.norm(points.mean(axis=0) - 2))
    print(f"the discriminator's weights have moved by {moved:.4f}, mean absolute value")
    print(f"the generated points' mean is {distance:.2f} away from that of the real ones")
    return moved, distance


if __name__ == "__main__":
    main()
