"""The gradient penalty of WGAN-GP, on points between real and generated ones.

Real points lie around 0, generated ones around 4, on a line.
"""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

keras.utils.set_random_seed(0)
STEPS, BATCH = 500, 128

critic = keras.Sequential(
    [
        keras.Input((1,)),
        layers.Dense(64, activation="tanh"),
        layers.Dense(64, activation="tanh"),
        layers.Dense(1),
    ]
)
optimizer = keras.optimizers.Adam(2e-3, 0.5)


def between(real, fake):
    """Points at random on the straight lines from real to generated ones."""
    share = tf.random.normal((BATCH, 1))
    return share * real + (1 - share) * fake


@tf.function
def step(real, fake):
    points = between(real, fake)
    with tf.GradientTape() as tape:
        with tf.GradientTape() as inner:
            inner.watch(points)
            scores = critic(points, training=True)
        slope = tf.norm(inner.gradient(scores, points), axis=1)
        penalty = tf.reduce_mean((slope - 1) ** 2)
        gap = tf.reduce_mean(critic(real, training=True)) - tf.reduce_mean(
            critic(fake, training=True)
        )
        loss = -gap + 10 * penalty
    gradients = tape.gradient(loss, critic.trainable_variables)
    optimizer.apply(gradients, critic.trainable_variables)
    return points, gap


def main(steps=STEPS):
    outside, gaps = [], []
    for _ in range(steps):
        real = np.random.normal(0, 0.1, (BATCH, 1)).astype("float32")
        fake = np.random.normal(4, 0.1, (BATCH, 1)).astype("float32")
        points, gap = step(real, fake)
        low, high = np.minimum(real, fake), np.maximum(real, fake)
        outside.append(np.mean((points < low) | (points > high)))
        gaps.append(float(gap))
    gap = float(np.mean(gaps[-50:]))
    inside = 1 - np.mean(outside)
    print(f"penalised points that lie between a real and a generated one: {inside:.0%}")
    print(f"estimated distance {gap:.2f}, true distance 4.00")
    return inside, gap


if __name__ == "__main__":
    main()
