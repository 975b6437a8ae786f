"""A GAN on a ring of eight Gaussians, its networks with batch normalisation and dropout."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

keras.utils.set_random_seed(0)
STEPS, BATCH = 600, 128
ANGLES = np.arange(8) * np.pi / 4
MODES = 2 * np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)


def real_points(n):
    noise = np.random.normal(0, 0.05, (n, 2))
    return (MODES[np.random.randint(8, size=n)] + noise).astype("float32")


generator = keras.Sequential(
    [
        keras.Input((8,)),
        layers.Dense(64),
        layers.BatchNormalization(momentum=0.9),
        layers.ReLU(),
        layers.Dense(64),
        layers.BatchNormalization(momentum=0.9),
        layers.ReLU(),
        layers.Dense(2),
    ]
)
discriminator = keras.Sequential(
    [
        keras.Input((2,)),
        layers.Dense(64, activation="leaky_relu"),
        layers.Dropout(0.2),
        layers.Dense(64, activation="leaky_relu"),
        layers.Dropout(0.2),
        layers.Dense(1),
    ]
)
g_optimizer, d_optimizer = keras.optimizers.Adam(1e-3, 0.5), keras.optimizers.Adam(1e-3, 0.5)


@tf.function
def step(real):
    with tf.GradientTape(persistent=True) as tape:
        fake = generator(tf.random.normal((BATCH, 8)), training=True)
        real_logits = discriminator(real, training=True)
        fake_logits = discriminator(fake, training=True)
        again = discriminator(real, training=True)
        d_loss = tf.reduce_mean(tf.nn.softplus(-real_logits) + tf.nn.softplus(fake_logits))
        g_loss = tf.reduce_mean(tf.nn.softplus(-fake_logits))
    for loss, network, optimizer in (
        (d_loss, discriminator, d_optimizer),
        (g_loss, generator, g_optimizer),
    ):
        gradients = tape.gradient(loss, network.trainable_variables)
        optimizer.apply(gradients, network.trainable_variables)
    return tf.reduce_mean(tf.abs(real_logits - again))


def main(steps=STEPS):
    differences = [float(step(real_points(BATCH))) for _ in range(steps)]
    normalization = generator.layers[1]
    moved = float(np.abs(normalization.moving_mean.numpy()).mean())
    points = generator(np.random.normal(size=(2000, 8)).astype("float32"), training=False).numpy()
    nearest = np.linalg.norm(points[:, None] - MODES[None], axis=2)
    found = len(np.unique(nearest.argmin(axis=1)[nearest.min(axis=1) < 0.3]))
    print(f"the same points judged twice in a step differ by {np.mean(differences):.4f}")
    print(f"moving mean of the first normalisation, mean absolute value: {moved:.4f}")
    print(f"modes found: {found} of 8")
    return np.mean(differences), moved, found


if __name__ == "__main__":
    main()
