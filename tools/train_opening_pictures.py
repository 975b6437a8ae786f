"""Trains what chapter 2 shows before the reader has trained anything.

    python tools/train_opening_pictures.py [EPOCHS]

Writes the averaged generator of a GAN on MNIST to chapters/weights/gan_mnist_generator.keras. An
interrupted run goes on from its backup in build/.
"""

import sys
import time
from pathlib import Path

import keras

import gan_keras

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

    weights = ROOT / "chapters/weights"
    weights.mkdir(exist_ok=True)
    gan.averaged_generator.save(weights / "gan_mnist_generator.keras")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else EPOCHS)
