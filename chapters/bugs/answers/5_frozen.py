"""A GAN of two networks, trained in turns.

Real points lie around (2, 2).
"""

import keras
import numpy as np
import tensorflow as tf
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
d_optimizer, g_optimizer = (keras.optimizers.Adam(2e-3, 0.5) for _ in range(2))


# Who is trained is said by the weights that a gradient is asked for, and by nothing else.
@tf.function
def step(real, z):
    ones, zeros = tf.ones((BATCH, 1)), tf.zeros((BATCH, 1))
    with tf.GradientTape(persistent=True) as tape:
        fake = generator(z, training=True)
        # Real and generated points share the statistics of one batch.
        logits = discriminator(tf.concat([real, fake], axis=0), training=True)
        d_loss = loss(tf.concat([ones, zeros], axis=0), logits)
        g_loss = loss(ones, logits[BATCH:])
    for objective, network, optimizer in (
        (d_loss, discriminator, d_optimizer),
        (g_loss, generator, g_optimizer),
    ):
        gradients = tape.gradient(objective, network.trainable_variables)
        optimizer.apply(gradients, network.trainable_variables)


def main(steps=STEPS):
    before = [w.copy() for w in discriminator.get_weights()]
    for _ in range(steps):
        real = np.random.normal(2, 0.1, (BATCH, 2)).astype("float32")
        step(real, np.random.normal(size=(BATCH, 4)).astype("float32"))
    after = discriminator.get_weights()
    moved = float(np.mean([np.abs(a - b).mean() for a, b in zip(after, before, strict=True)]))
    points = generator.predict_on_batch(np.random.normal(size=(500, 4)))
    distance = float(np.linalg.norm(points.mean(axis=0) - 2))
    print(f"the discriminator's weights have moved by {moved:.4f}, mean absolute value")
    print(f"the generated points' mean is {distance:.2f} away from that of the real ones")
    return moved, distance


if __name__ == "__main__":
    main()
