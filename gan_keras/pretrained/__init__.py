"""Small trained models that come with the package: weights, each with a card.

`NAME.json`, the card, says what the model is, how it was trained and what it scores; `NAME.npz`
holds its weights as float16 arrays, which no loading can make run code. `tools/train_pretrained.py`
makes both.
"""

import hashlib
import io
import json
import math
from pathlib import Path

import keras
import numpy as np

FOLDER = Path(__file__).parent
KIND = "gan-keras pretrained model"
# The networks of all models, as their attributes are called.
ROLES = ("generator", "discriminator", "encoder", "decoder")
ROLES += ("generator_ab", "generator_ba", "discriminator_a", "discriminator_b")


def names() -> list[str]:
    """The models that `load_pretrained` knows."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def _path(name: str | Path) -> Path:
    """Of a card, given by the name of one of `names()` or by its path."""
    if isinstance(name, Path) or str(name).endswith(".json"):
        return Path(name)
    if name not in names():
        raise ValueError(f"There is no pretrained model {name!r}. Choose one of {names()}.")
    return FOLDER / f"{name}.json"


def card(name: str | Path) -> dict:
    """How a pretrained model was made: class, arguments, data, command, minutes, scores.

    Raises:
        ValueError: for an unknown name, or a file that is not such a card.
    """
    path = _path(name)
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"{path} cannot be read as the card of a model: {error}") from error
    if not isinstance(content, dict) or content.get("kind") != KIND:
        raise ValueError(f"{path} is not the card of a pretrained model; save() writes one.")
    for key, kind in (("class", str), ("arguments", dict), ("sha256", str)):
        if not isinstance(content.get(key), kind):
            raise ValueError(
                f"{path} is not a whole card: {key!r} is {content.get(key)!r}; save() writes one."
            )
    return content


def load_pretrained(name: str | Path) -> keras.Model:
    """A trained model, ready to `generate` or `translate`; `compile()` it to train it further.

    Its generators have the averaged weights; the moments of the optimizers were not kept.

    Args:
        name: one of `names()`, such as "dcgan-fashion_mnist"; or the path of a card that `save`
            has written, with the weights beside it.

    Raises:
        ValueError: for an unknown name, for a card that describes no model, and for weights that
            are damaged, cut off, or not those that the card names.
    """
    content = card(name)
    about = _path(name)
    path = about.with_suffix(".npz")
    if not path.exists():
        raise ValueError(f"{path} is missing: the weights lie beside their card.")
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != content["sha256"]:
        raise ValueError(
            f"{path} is damaged or is another model's: its SHA-256 is not the one that its card "
            "names. Restore it with `git checkout`, or install gan-keras again."
        )
    model = _build(content, about)
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            for role, network in _networks(model).items():
                network.set_weights(_weights(arrays, role, network))
    except Exception as error:  # NumPy raises what a stranger's file leads it into
        raise ValueError(
            f"{path} does not hold the weights of the model that {about} describes: {error!r}"
        ) from error
    for role, network in _networks(model).items():
        # Without averaging these are one and the same.
        getattr(model, f"averaged_{role}", network).set_weights(network.get_weights())
    return model


def save(model, path: Path, arguments: dict, **about) -> None:
    """Writes a model's weights to path.npz and its card to path.json.

    Args:
        model: a model of this package, built with `arguments` and nothing else.
        arguments: of its class, as JSON can hold them.
        **about: what else the card says: data, command, minutes, scores.
    """
    model_weights = {}
    for role, network in _networks(model).items():
        source = getattr(model, f"averaged_{role}", network)
        for i, weight in enumerate(source.get_weights()):
            model_weights[f"{role}/{i}"] = weight.astype(np.float16)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **model_weights)
    path = Path(path)
    path.with_name(f"{path.name}.npz").write_bytes(buffer.getvalue())
    content = {
        "kind": KIND,
        "class": type(model).__name__,
        "arguments": arguments,
        "parameters": {role: net.count_params() for role, net in _networks(model).items()},
        **about,
        "sha256": hashlib.sha256(buffer.getvalue()).hexdigest(),
    }
    path.with_name(f"{path.name}.json").write_text(json.dumps(content, indent=2) + "\n")


def _build(content, path) -> keras.Model:
    """The model that a card describes; a card can name nothing else of this package."""
    import gan_keras
    from gan_keras.generative import GenerativeModel

    kind = getattr(gan_keras, content["class"], None)
    if not (isinstance(kind, type) and issubclass(kind, GenerativeModel)):
        raise ValueError(f"{path} is of the class {content['class']!r}, no model of gan_keras.")
    try:
        return kind(**content["arguments"])
    except Exception as error:
        raise ValueError(
            f"{path} describes a model that cannot be built: {content['arguments']}: {error}"
        ) from error


def _weights(arrays, role, network) -> list[np.ndarray]:
    """A network's weights, of which none may be unpacked to more than its own size."""
    weights = []
    for i, weight in enumerate(network.weights):
        size = arrays.zip.getinfo(f"{role}/{i}.npy").file_size
        if size > 8 * math.prod(weight.shape) + 2**12:
            raise ValueError(f"{role}/{i} unpacks to {size} bytes, too many for {weight.shape}")
        weights.append(arrays[f"{role}/{i}"])
    return weights


def _networks(model) -> dict[str, keras.Model]:
    return {role: getattr(model, role) for role in ROLES if hasattr(model, role)}
