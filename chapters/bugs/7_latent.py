"""A GAN on a ring of eight Gaussians. Are new points as good as those seen in training?"""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

keras.utils.set_random_seed(0)
STEPS, BATCH, LATENT = 1000, 128, 16
ANGLES = np.arange(8) * np.pi / 4
MODES = 2 * np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)


def real_points(n):
    noise = np.random.normal(0, 0.1, (n, 2))
    return (MODES[np.random.randint(8, size=n)] + noise).astype("float32")


generator = keras.Sequential(
    [
        keras.Input((LATENT,)),
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
    z = np.random.normal(size=(BATCH, LATENT)).astype("float32")
    with tf.GradientTape(persistent=True) as tape:
        fake = generator(z, training=True)
        real_logits = discriminator(real, training=True)
        fake_logits = discriminator(fake, training=True)
        d_loss = tf.reduce_mean(tf.nn.softplus(-real_logits) + tf.nn.softplus(fake_logits))
        g_loss = tf.reduce_mean(tf.nn.softplus(-fake_logits))
    for loss, network, optimizer in (
        (d_loss, discriminator, d_optimizer),
        (g_loss, generator, g_optimizer),
    ):
        gradients = tape.gradient(loss, network.trainable_variables)
        optimizer.apply(gradients, network.trainable_variables)
    return z


def near_a_mode(z):
    points = generator(z, training=False).numpy()
    return float((np.linalg.norm(points[:, None] - MODES, axis=2).min(axis=1) < 0.3).mean())


def main(steps=STEPS):
    seen = [step(real_points(BATCH)).numpy() for _ in range(steps)][-1]
    fresh = np.random.normal(size=(2000, LATENT)).astype("float32")
    of_seen, of_fresh = near_a_mode(seen), near_a_mode(fresh)
    print(f"points of the last step's latent vectors that lie near a mode: {of_seen:.0%}")
    print(f"points of new latent vectors that do: {of_fresh:.0%}")
    return of_seen, of_fresh


if __name__ == "__main__":
    main()
