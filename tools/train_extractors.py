"""Trains the fixed classifiers on whose features quality is measured.

    python tools/train_extractors.py [NAME ...] [--policy mixed_bfloat16]

Writes gan_keras/metrics/weights/NAME.weights.h5 and its card in extractors.json there. Weights that
change make older figures incomparable: raise VERSION with them and measure every figure anew.

MNIST and Fashion-MNIST are learned from the first 50,000 training images; the other 10,000, which
the classifier has not seen, serve as real images to be compared with the test images. The emoji
are learned from both designers' drawings of the training subjects, by group.
"""

import argparse
import datetime
import hashlib
import json
import time

import gan_keras
from gan_keras.metrics.extractors import WEIGHTS, build_classifier

import keras
import numpy as np
import tensorflow as tf

VERSION = 1
RECIPES = {
    "mnist": dict(width=32, epochs=6, mirror=False, shift=2),
    "fashion_mnist": dict(width=32, epochs=10, mirror=True, shift=2),
    "emoji": dict(width=32, epochs=30, mirror=True, shift=6),
}


def load(name, split):
    """Images in [-1, 1] and labels of a split, as arrays."""
    if name != "emoji":
        data = gan_keras.load_dataset(name, split, labels=True, shuffle=False, batch_size=200)
        return tuple(np.concatenate(part) for part in zip(*data.as_numpy_iterator(), strict=True))
    kwargs = dict(split=split, shuffle=False, batch_size=10)

    def gather(**more):
        return list(gan_keras.load_dataset("emoji", **kwargs, **more).unbatch().as_numpy_iterator())

    color, labels = zip(*gather(labels=True), strict=True)
    # The pair leaves out subjects that one designer has not drawn: find each one's label again.
    label_of = {image.tobytes(): label for image, label in zip(color, labels, strict=True)}
    pairs = gather(pair=("color", "noto"))
    noto = [image for _, image in pairs]
    images = np.stack([*color, *noto])
    return images, np.array([*labels, *(label_of[image.tobytes()] for image, _ in pairs)])


def augment(images, labels, background, mirror, shift):
    """Random changes that leave the class as it is, one draw for a whole batch.

    Among them small changes of brightness and noise, so that a background of -0.98 in place of -1,
    which nobody sees, moves the features little.
    """
    size = tf.shape(images)
    padding = [[0, 0], [shift] * 2, [shift] * 2, [0, 0]]
    padded = tf.pad(images, padding, constant_values=background)
    y, x = (tf.random.uniform((), 0, 2 * shift + 1, tf.int32) for _ in range(2))
    images = padded[:, y : y + size[1], x : x + size[2]]
    if mirror:
        images = tf.cond(tf.random.uniform(()) < 0.5, lambda: images[:, :, ::-1], lambda: images)
    contrast = tf.random.uniform((size[0], 1, 1, 1), 0.9, 1.0)
    brightness = tf.random.uniform((size[0], 1, 1, 1), -1.0, 1.0) * (1 - contrast)
    noise = tf.random.normal(size) * tf.random.uniform((size[0], 1, 1, 1), 0.0, 0.1)
    return tf.clip_by_value(images * contrast + brightness + noise, -1.0, 1.0), labels


def train(name, policy, width, epochs, mirror, shift):
    keras.utils.set_random_seed(0)
    background = 1.0 if name == "emoji" else -1.0
    images, labels = load(name, "train" if name == "emoji" else "train[:50000]")
    test_images, test_labels = load(name, "test")
    num_classes = int(labels.max()) + 1
    keras.config.set_dtype_policy(policy)
    network = build_classifier(images.shape[1:], num_classes, width)
    keras.config.set_dtype_policy("float32")
    logits = keras.layers.Activation("linear", dtype="float32")(network.output[1])
    classifier = keras.Model(network.input, logits)
    data = tf.data.Dataset.range(len(images)).shuffle(len(images)).batch(128, drop_remainder=True)
    with tf.device("CPU"):
        pixels, targets = tf.constant(images), tf.constant(labels)
    data = data.map(
        lambda i: augment(tf.gather(pixels, i), tf.gather(targets, i), background, mirror, shift)
    ).prefetch(2)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, epochs * len(data), warmup_target=3e-3, warmup_steps=len(data)
    )
    classifier.compile(
        keras.optimizers.AdamW(rate, weight_decay=1e-3),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    begun = time.monotonic()
    classifier.fit(data, epochs=epochs, shuffle=False, verbose=2)
    path = WEIGHTS / f"{name}.weights.h5"
    network.save_weights(path)
    # As it will be used: in float32.
    used = build_classifier(images.shape[1:], num_classes, width)
    used.load_weights(path)
    named = used.predict(test_images, batch_size=500, verbose=0)[1].argmax(axis=1)
    accuracy = np.mean(named == test_labels)
    cards_path = WEIGHTS / "extractors.json"
    cards = json.loads(cards_path.read_text()) if cards_path.exists() else {}
    cards[name] = {
        "version": VERSION,
        "image_shape": images.shape[1:],
        "num_classes": num_classes,
        "width": width,
        "features": 64,
        "parameters": network.count_params(),
        "test_accuracy": round(float(accuracy), 4),
        "test_images": len(test_images),
        "epochs": epochs,
        "minutes": round((time.monotonic() - begun) / 60, 1),
        "date": datetime.date.today().isoformat(),
        "command": f"python tools/train_extractors.py {name} --policy {policy}",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }
    cards_path.write_text(json.dumps(cards, indent=2, sort_keys=True) + "\n")
    print(name, cards[name])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(RECIPES))
    parser.add_argument("--policy", default="float32", help="mixed_bfloat16 is faster on some CPUs")
    given = parser.parse_args()
    for name in given.names or RECIPES:
        train(name, given.policy, **RECIPES[name])
