"""Memory of a training process, in the sizes of the profiles `cpu` and `gpu`.

    python benchmarks/memory.py

The highest resident set of a process of its own that takes four steps, data included; on a GPU some
of it would be the GPU's. Writes results/memory.json.
"""

import json
import subprocess
import sys
from pathlib import Path

from machine import keep

# Model: pixels a side, channels and batch in the recipes "fast" and "paper"; GAN is one size.
SIZES = {
    "GAN": {"any": (28, 1, 128)},
    "DCGAN": {"fast": (28, 1, 128), "paper": (64, 3, 128)},
    "CGAN": {"fast": (28, 1, 128), "paper": (64, 3, 128)},
    "Pix2Pix": {"fast": (64, 3, 16), "paper": (256, 3, 1)},
    "CycleGAN": {"fast": (64, 3, 4), "paper": (256, 3, 1)},
}
UNIT = 2**30 if sys.platform == "darwin" else 2**20


def measure(name, recipe):
    """GiB."""
    options = {} if recipe == "any" else {"recipe": recipe}
    program = f"""
import resource, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
import gan_keras, steps, tensorflow as tf
size, channels, count = {SIZES[name][recipe]}
model = gan_keras.{name}((size, size, channels), seed=0, **{options!r})
step = tf.function(steps.library_step(model), autograph=False)
data = steps.batch({name!r}, size, channels, count)
for _ in range(4):
    steps.finished(step(*data))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return round(int(found.stdout.split()[-1]) / UNIT, 2)


if __name__ == "__main__":
    found = {name: {recipe: measure(name, recipe) for recipe in SIZES[name]} for name in SIZES}
    print(json.dumps(found))
    keep("memory", "", gib=found)
