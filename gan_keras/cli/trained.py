"""The trained models that commands are given by name."""

from pathlib import Path

import gan_keras
from gan_keras import pretrained

import keras

MODEL = "the folder of a run, a file that save() wrote, or a model of the package: "
MODEL += ", ".join(pretrained.names())


def trained_model(name):
    """The model of that name: of a run's folder, of a file, or of the package.

    Raises:
        ValueError: if there is none, its file cannot be read, or holds another kind of model.
    """
    if name in pretrained.names() and not Path(name).exists():
        return pretrained.load_pretrained(name)
    path = Path(name)
    path = path / "model.keras" if path.is_dir() else path
    if not path.exists():
        unfinished = "; its training has not ended" if (path.parent / "run.json").exists() else ""
        raise ValueError(
            f"There is no trained model in {path}{unfinished}. Give the folder of a run, a file "
            f"that save() wrote, or one of {', '.join(pretrained.names())}."
        )
    try:
        model = keras.models.load_model(path)
    except Exception as error:  # A damaged archive leads its readers into any.
        raise ValueError(f"{path} cannot be loaded as a model: {error}") from error
    if not isinstance(model, gan_keras.GenerativeModel):
        raise ValueError(f"{path} holds a {type(model).__name__}, which is no model of gan-keras.")
    return model


def drawing_model(name):
    """A trained model that draws from noise."""
    model = trained_model(name)
    if isinstance(model, gan_keras.TranslationModel):
        raise ValueError(f"{name} makes images of images: use gan-keras translate.")
    return model
