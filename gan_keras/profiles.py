"""How much work a chapter does on the machine it finds, and how: smoke, cpu or gpu."""

import copy
import os
from dataclasses import dataclass

from gan_keras import checks, onednn

import keras
import tensorflow as tf

# Name: what it is meant for.
MEANT = {
    "smoke": "every cell runs, results do not matter",
    "cpu": "results in minutes on two processor cores",
    "gpu": "the papers' sizes",
}


@dataclass(frozen=True)
class Profile:
    """One of three sizes of the same chapter.

    `smoke` runs every cell on little data, to see that it works; `cpu` gives results on two cores;
    `gpu` follows the papers.
    """

    name: str

    def pick(self, *, smoke, cpu, gpu):
        """The value that is meant for this profile."""
        return {"smoke": smoke, "cpu": cpu, "gpu": gpu}[self.name]


def profile() -> Profile:
    """The profile for the machine at hand, which it sets up, and names in one printed line.

    `gpu`: memory grows as it is needed, and Keras' dtype policy becomes the half precision that the
    GPU is fast in, unless one was chosen before; XLA compiles the steps, as Keras has it on a GPU.
    `cpu` and `smoke`: nothing is changed. On x86 processors TensorFlow computes by oneDNN, whatever
    the profile, if gan_keras is imported first; the line says so where it was not.

    Raises:
        ValueError: see `current`.
    """
    chosen = current()
    if chosen.name == "gpu":
        gpus = tf.config.list_physical_devices("GPU")
        grow_memory(gpus)
        if keras.config.dtype_policy().name == "float32":
            keras.config.set_dtype_policy(half_precision(gpus))
    policy = keras.config.dtype_policy().name
    said = (
        f"Profile {chosen.name}: {MEANT[chosen.name]}, in {policy}. To choose otherwise: the "
        "environment variable GAN_KERAS_PROFILE (smoke, cpu, gpu), "
        "keras.config.set_dtype_policy."
    )
    if onednn.came_too_late():
        said += f" Slower than need be: import gan_keras before keras, or set {onednn.VARIABLE}=1."
    print(said)
    return chosen


def grow_memory(gpus) -> None:
    """TensorFlow takes of each GPU's memory what it needs, and not all; it must be told early."""
    for gpu in gpus:
        try:
            tf.config.experimental.set_memory_growth(gpu, True)
        except RuntimeError:  # The GPU is in use already, with all its memory.
            return


def half_precision(gpus) -> str:
    """The dtype policy in which all these GPUs are fast, by their compute capability.

    bfloat16 has the range of float32 and needs no scaled losses, but is fast from 8.0 on; float16
    from 7.0 on (Keras' guide to mixed precision).
    """
    capabilities = [
        tf.config.experimental.get_device_details(gpu).get("compute_capability", (0, 0))
        for gpu in gpus
    ]
    slowest = min(capabilities, default=(0, 0))
    if slowest >= (8, 0):
        return "mixed_bfloat16"
    return "mixed_float16" if slowest >= (7, 0) else "float32"


def current() -> Profile:
    """The profile named by the environment variable GAN_KERAS_PROFILE, else `gpu` or `cpu`.

    Raises:
        ValueError: if the variable names none.
    """
    name = os.environ.get("GAN_KERAS_PROFILE", "").strip().lower()
    name = name or ("gpu" if tf.config.list_physical_devices("GPU") else "cpu")
    if name not in MEANT:
        raise ValueError(f"GAN_KERAS_PROFILE is {name!r}; it must be one of {', '.join(MEANT)}.")
    return Profile(name)


def choose(recipes: dict[str, dict], name: str | None = None, width: int | None = None) -> dict:
    """The recipe of that name: by default "paper" in the profile `gpu`, else "fast".

    Args:
        recipes: {name: {part: its options}}, as each model's file has them.
        width: of generator and discriminator, in place of the recipe's own.

    Raises:
        ValueError: for an unknown name, or a width that is no whole number.
    """
    name = name or current().pick(smoke="fast", cpu="fast", gpu="paper")
    if name not in recipes:
        raise ValueError(f"There is no recipe {name!r}. Choose one of {', '.join(recipes)}.")
    recipe = copy.deepcopy(recipes[name])
    if width is not None:
        checks.check_whole("width", width)
        recipe["generator"]["width"] = recipe["discriminator"]["width"] = width
    return recipe
