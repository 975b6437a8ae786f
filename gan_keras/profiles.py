"""How much work a chapter does on the machine it finds: smoke, cpu or gpu."""

import copy
import os
from dataclasses import dataclass

import tensorflow as tf

from gan_keras import checks

NAMES = ("smoke", "cpu", "gpu")


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
    """The profile named by the environment variable GAN_KERAS_PROFILE, else `gpu` or `cpu`.

    Raises:
        ValueError: if the variable names none.
    """
    name = os.environ.get("GAN_KERAS_PROFILE", "").strip().lower()
    name = name or ("gpu" if tf.config.list_physical_devices("GPU") else "cpu")
    if name not in NAMES:
        raise ValueError(f"GAN_KERAS_PROFILE is {name!r}; it must be one of {', '.join(NAMES)}.")
    return Profile(name)


def choose(recipes: dict[str, dict], name: str | None = None, width: int | None = None) -> dict:
    """The recipe of that name: by default "paper" in the profile `gpu`, else "fast".

    Args:
        recipes: {name: {part: its options}}, as each model's file has them.
        width: of generator and discriminator, in place of the recipe's own.

    Raises:
        ValueError: for an unknown name, or a width that is no whole number.
    """
    name = name or profile().pick(smoke="fast", cpu="fast", gpu="paper")
    if name not in recipes:
        raise ValueError(f"There is no recipe {name!r}. Choose one of {', '.join(recipes)}.")
    recipe = copy.deepcopy(recipes[name])
    if width is not None:
        checks.check_whole("width", width)
        recipe["generator"]["width"] = recipe["discriminator"]["width"] = width
    return recipe
