"""Fixed networks that turn images into the features on which quality is measured.

A distance between sets of images means something only together with the network that computed the
features. Those here are small classifiers, one for each embedded data set, with fixed weights that
come with the package: made by `tools/train_extractors.py`, which also wrote their test accuracy
into `weights/extractors.json`. A Fréchet distance over them is a Fréchet classifier distance. It
is called FID over Inception alone.
"""

import contextlib
import hashlib
import json
from functools import cache
from pathlib import Path

import keras
import numpy as np
from keras import layers

WEIGHTS = Path(__file__).parent / "weights"


class Extractor:
    """A network from images to features and class probabilities.

    Attributes:
        name: such as "mnist"; with `version`, it says which network computed a figure.
        version: a whole number that grows when the weights change.
        image_shape: (height, width, channels) that the network sees. Images of another size are
            resized to it (bilinear), grey ones repeated where colour is needed.
        num_classes: number of the probabilities.
        accuracy: share of the data set's test images that it classifies rightly; None where that
            was not measured.

    Args:
        network: keras.Model (batch, *image_shape) -> [features (batch, d), logits (batch, k)], for
            images in [-1, 1].
    """

    def __init__(self, network: keras.Model, name: str, version: int = 1, accuracy=None):
        self.network, self.name, self.version, self.accuracy = network, name, version, accuracy
        self.image_shape = tuple(network.input_shape[1:])
        self.num_classes = network.output_shape[1][-1]

    def __str__(self):
        return f"{self.name} extractor, version {self.version}"

    def __call__(self, images, batch_size: int = 500) -> tuple[np.ndarray, np.ndarray]:
        """Features (n, d) and class probabilities (n, k), float32.

        Images are rounded to the 256 levels of a stored image first, as the real ones have been.

        Args:
            images: (n, height, width, 1 or 3) in [-1, 1].

        Raises:
            ValueError: for another rank or number of channels, values outside [-1, 1] or NaN.
        """
        images = np.asarray(images)
        check_images(images)
        features, logits = [], []
        for start in range(0, len(images), batch_size):
            batch = self._fit(images[start : start + batch_size])
            outputs = self.network.predict_on_batch(batch)
            features.append(outputs[0])
            logits.append(outputs[1])
        logits = np.concatenate(logits).astype(np.float64)
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities = odds / odds.sum(axis=1, keepdims=True)
        return np.concatenate(features), probabilities.astype(np.float32)

    def _fit(self, images):
        images = np.round((images.astype(np.float32) + 1) * 127.5) / 127.5 - 1
        height, width, channels = self.image_shape
        if images.shape[1:3] != (height, width):
            images = keras.ops.image.resize(images, (height, width), antialias=True)
            images = keras.ops.convert_to_numpy(images)
        if images.shape[-1] < channels:
            images = np.repeat(images, channels, axis=-1)
        elif images.shape[-1] > channels:
            raise ValueError(
                f"The {self.name} extractor sees grey images; these have {images.shape[-1]} "
                "channels. Load them with channels=1."
            )
        return images


def check_images(images) -> None:
    """Refuses images with a ValueError unless they are (n, height, width, 1 or 3) in [-1, 1]."""
    if images.ndim != 4 or images.shape[-1] not in (1, 3) or len(images) == 0:
        raise ValueError(
            f"The images have shape {images.shape}; they must be (n, height, width, 1 or 3), n > 0."
        )
    low, high = images.min(), images.max()
    if not (low >= -1.001 and high <= 1.001):
        raise ValueError(
            f"The images must lie in [-1, 1], but span [{low:.4g}, {high:.4g}]; scale them to it, "
            "and look for NaN if that is among these two numbers."
        )


def build_classifier(image_shape=(28, 28, 1), num_classes=10, width=32) -> keras.Model:
    """The networks of the extractors: (batch, *image_shape) -> [features (batch, 64), logits]."""
    x = image = keras.Input(image_shape)
    filters = [(width, 1), (width, 2), (2 * width, 1), (2 * width, 2), (2 * width, 2)]
    if image_shape[0] > 32:
        filters.append((2 * width, 2))
    for count, strides in filters:
        x = layers.Conv2D(count, 3, strides=strides, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization(momentum=0.9)(x)
        x = layers.ReLU()(x)
    x = layers.Dropout(0.3)(layers.Flatten()(x))
    features = layers.Dense(64, activation="relu")(x)
    logits = layers.Dense(num_classes)(layers.Dropout(0.3)(features))
    return keras.Model(image, [features, logits], name="classifier")


@contextlib.contextmanager
def _in_float32():
    """Builds what measures in float32, whatever models are trained in."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


@cache
@_in_float32()
def load_extractor(name: str) -> Extractor:
    """The fixed extractor of a data set.

    Args:
        name: "mnist", "fashion_mnist", "emoji"; or "inception", InceptionV3 trained on ImageNet,
            for natural images: it needs a network once, to download 92 MB of weights. These are
            Keras' weights, so that figures differ from those of the original FID by a little.

    Raises:
        ValueError: for an unknown name, or weights that are not those which belong to it.
        ConnectionError: if Inception's weights cannot be downloaded.
    """
    if name == "inception":
        return _inception()
    about, path = WEIGHTS / "extractors.json", WEIGHTS / f"{name}.weights.h5"
    restore = "Install gan-keras again, or `git checkout` the file."
    try:
        cards = {str(key): dict(card) for key, card in dict(json.loads(about.read_text())).items()}
    except (ValueError, TypeError, RecursionError) as error:
        raise ValueError(f"{about} is damaged: {error}. {restore}") from error
    if name not in cards:
        known = ", ".join(map(repr, [*cards, "inception"]))
        raise ValueError(f"There is no extractor {name!r} in {about}. Choose one of {known}.")
    card = cards[name]
    if hashlib.sha256(path.read_bytes()).hexdigest() != card.get("sha256"):
        raise ValueError(
            f"{path} is not the file that belongs to version {card.get('version')} of the "
            f"extractor in {about.name}: figures measured with it would mean nothing. {restore}"
        )
    try:
        network = build_classifier(tuple(card["image_shape"]), card["num_classes"], card["width"])
        network.load_weights(path)
        return Extractor(network, name, card["version"], card["test_accuracy"])
    except Exception as error:  # Keras raises what a wrong width or a missing one leads it into
        raise ValueError(f"{about} does not describe {path}: {error!r}. {restore}") from error


def _inception() -> Extractor:
    image = keras.Input((299, 299, 3))
    try:
        base = keras.applications.InceptionV3(weights="imagenet", classifier_activation=None)
    except Exception as error:
        raise ConnectionError(
            "InceptionV3's weights could not be downloaded from storage.googleapis.com "
            f"({error}). They are needed once, with a network. For the embedded data sets, use "
            "their own extractors, which come with the package."
        ) from error
    pooled = keras.Model(base.input, [base.get_layer("avg_pool").output, base.output])
    return Extractor(keras.Model(image, pooled(image)), "inception")
