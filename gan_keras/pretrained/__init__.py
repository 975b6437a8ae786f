"""Small trained models that come with the package: weights, each with a card.

`NAME.json`, the card, says what the model is, how it was trained and what it scores; `NAME.npz`
holds its weights as float16 arrays, which no loading can make run code. `tools/train_pretrained.py`
makes both.
"""

import hashlib
import io
import json
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


def card(name: str | Path) -> dict:
    """How a pretrained model was made: class, arguments, data, command, minutes, scores.

    Raises:
        ValueError: for an unknown name, or a file that is not such a card.
    """
    path = name if isinstance(name, Path) else FOLDER / f"{name}.json"
    if not isinstance(name, Path) and name not in names():
        raise ValueError(f"There is no pretrained model {name!r}. Choose one of {names()}.")
    try:
        content = json.loads(path.read_text())
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path} cannot be read as the card of a model: {error}") from error
    if not isinstance(content, dict) or content.get("kind") != KIND:
        raise ValueError(f"{path} is not the card of a pretrained model; save() writes one.")
    return content


def load_pretrained(name: str | Path) -> keras.Model:
    """A trained model, ready to `generate` or `translate`; `compile()` it to train it further.

    Its generators have the averaged weights; the moments of the optimizers were not kept.

    Args:
        name: one of `names()`, such as "dcgan-fashion_mnist"; or the path of a card that `save`
            has written, with the weights beside it.

    Raises:
        ValueError: for an unknown name, and for weights that are damaged, cut off, or not those
            that the card names.
    """
    import gan_keras

    content = card(name)
    path = (name if isinstance(name, Path) else FOLDER / f"{name}.json").with_suffix(".npz")
    if not path.exists():
        raise ValueError(f"{path} is missing: the weights lie beside their card.")
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != content["sha256"]:
        raise ValueError(
            f"{path} is damaged or is another model's: its SHA-256 is not the one that its card "
            "names. Restore it with `git checkout`, or install gan-keras again."
        )
    model = getattr(gan_keras, content["class"])(**content["arguments"])
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        for role, network in _networks(model).items():
            network.set_weights([arrays[f"{role}/{i}"] for i in range(len(network.weights))])
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
    path.with_suffix(".npz").write_bytes(buffer.getvalue())
    content = {
        "kind": KIND,
        "class": type(model).__name__,
        "arguments": arguments,
        "parameters": {role: net.count_params() for role, net in _networks(model).items()},
        **about,
        "sha256": hashlib.sha256(buffer.getvalue()).hexdigest(),
    }
    path.with_suffix(".json").write_text(json.dumps(content, indent=2) + "\n")


def _networks(model) -> dict[str, keras.Model]:
    return {role: getattr(model, role) for role in ROLES if hasattr(model, role)}
