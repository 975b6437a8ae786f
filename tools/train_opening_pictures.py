"""Trains what the chapters show before the reader has trained anything.

    python tools/train_opening_pictures.py [EPOCHS]

Writes the averaged generator of a GAN on MNIST to chapters/weights/gan_mnist_generator.keras and a
grid of its digits to chapters/images/gan_mnist.png. An interrupted run goes on from its backup in
build/.
"""

import sys
import time
from pathlib import Path

import keras
import numpy as np
from PIL import Image

import gan_keras
from gan_keras import plotting

ROOT = Path(__file__).resolve().parents[1]
EPOCHS = 25


def main(epochs: int) -> None:
    keras.utils.set_random_seed(0)
    gan = gan_keras.GAN(seed=0)
    gan.compile()
    begun = time.monotonic()
    gan.fit(
        gan_keras.load_dataset("mnist", batch_size=128),
        epochs=epochs,
        verbose=0,
        callbacks=[
            keras.callbacks.BackupAndRestore(ROOT / "build/opening_pictures"),
            gan_keras.callbacks.Progress(),
        ],
    )
    print(f"{epochs} epochs, {int(gan.step)} steps, {(time.monotonic() - begun) / 60:.1f} minutes")

    weights, images = ROOT / "chapters/weights", ROOT / "chapters/images"
    weights.mkdir(exist_ok=True), images.mkdir(exist_ok=True)
    gan.averaged_generator.save(weights / "gan_mnist_generator.keras")
    sheet = np.uint8(np.round(plotting.tile(gan.generate(96, seed=1), columns=16) * 255))
    picture = Image.fromarray(sheet.squeeze())
    picture.resize([side * 2 for side in picture.size], 0).save(images / "gan_mnist.png")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else EPOCHS)
