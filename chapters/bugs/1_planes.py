"""A conditional discriminator that is told the class by planes beside the image.

Each class is a grey level. The generator should learn to draw the level that is ordered.
"""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

keras.utils.set_random_seed(0)
SIZE, CLASSES, STEPS, BATCH = 8, 4, 400, 64
LEVELS = np.linspace(-0.75, 0.75, CLASSES).astype("float32")


def real_images(y):
    noise = np.random.normal(0, 0.05, (len(y), SIZE, SIZE, 1)).astype("float32")
    return LEVELS[y][:, None, None, None] + noise


def with_planes(images, one_hot):
    """Images (batch, 8, 8, 1) and, as more channels, a plane for each class, 1 for the own one."""
    planes = tf.repeat(one_hot, repeats=[SIZE * SIZE])
    planes = tf.reshape(planes, (-1, SIZE, SIZE, CLASSES))
    return tf.concat([images, planes], axis=-1)


generator = keras.Sequential(
    [
        keras.Input((8 + CLASSES,)),
        layers.Dense(32, activation="relu"),
        layers.Dense(SIZE * SIZE, activation="tanh"),
        layers.Reshape((SIZE, SIZE, 1)),
    ]
)
discriminator = keras.Sequential(
    [
        keras.Input((SIZE, SIZE, 1 + CLASSES)),
        layers.Conv2D(32, 1, activation="leaky_relu"),
        layers.Conv2D(32, 1, activation="leaky_relu"),
        layers.GlobalAveragePooling2D(),
        layers.Dense(1),
    ]
)
g_optimizer, d_optimizer = keras.optimizers.Adam(1e-3, 0.5), keras.optimizers.Adam(2e-3, 0.5)


@tf.function
def step(real, one_hot):
    z = tf.concat([tf.random.normal((BATCH, 8)), one_hot], axis=1)
    with tf.GradientTape(persistent=True) as tape:
        fake = generator(z, training=True)
        real_logits = discriminator(with_planes(real, one_hot), training=True)
        fake_logits = discriminator(with_planes(fake, one_hot), training=True)
        d_loss = tf.reduce_mean(tf.nn.softplus(-real_logits) + tf.nn.softplus(fake_logits))
        g_loss = tf.reduce_mean(tf.nn.softplus(-fake_logits))
    for loss, network, optimizer in (
        (d_loss, discriminator, d_optimizer),
        (g_loss, generator, g_optimizer),
    ):
        gradients = tape.gradient(loss, network.trainable_variables)
        optimizer.apply(gradients, network.trainable_variables)


def main(steps=STEPS):
    for _ in range(steps):
        y = np.random.randint(CLASSES, size=BATCH)
        step(real_images(y), np.eye(CLASSES, dtype="float32")[y])
    drawn = []
    for c in range(CLASSES):
        one_hot = np.tile(np.eye(CLASSES, dtype="float32")[c], (200, 1))
        z = np.concatenate([np.random.normal(size=(200, 8)), one_hot], axis=1)
        drawn.append(float(np.mean(generator(z, training=False))))
        print(f"class {c}: level {LEVELS[c]:+.2f}, drawn {drawn[-1]:+.2f}")
    error = float(np.mean(np.abs(np.array(drawn) - LEVELS)))
    print(f"mean error of the level: {error:.2f}")
    return error


if __name__ == "__main__":
    main()
