"""A discriminator for two clouds of points that a child could tell apart."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

keras.utils.set_random_seed(0)
STEPS, BATCH = 400, 100

discriminator = keras.Sequential(
    [
        keras.Input((2,)),
        layers.Dense(32, activation="leaky_relu"),
        layers.Dense(1),
    ]
)
optimizer = keras.optimizers.Adam(1e-2)


@tf.function
def step(real, fake):
    with tf.GradientTape() as tape:
        real_logits = discriminator(real, training=True)
        fake_logits = discriminator(fake, training=True)
        real_loss = tf.nn.sigmoid_cross_entropy_with_logits(
            labels=tf.ones_like(real_logits), logits=real_logits
        )
        fake_loss = tf.nn.sigmoid_cross_entropy_with_logits(
            labels=tf.zeros_like(fake_logits), logits=fake_logits
        )
        loss = tf.reduce_mean(real_loss + fake_loss)
    gradients = tape.gradient(loss, discriminator.trainable_variables)
    optimizer.apply(gradients, discriminator.trainable_variables)
    return loss


def main(steps=STEPS):
    for _ in range(steps):
        real = np.random.normal(+5, 1, (BATCH, 2)).astype("float32")
        fake = np.random.normal(-5, 1, (BATCH, 2)).astype("float32")
        loss = float(step(real, fake))
    print(f"loss of a discriminator that guesses: {2 * np.log(2):.3f}")
    print(f"loss of this one after {steps} steps: {loss:.3f}")
    return loss


if __name__ == "__main__":
    main()
