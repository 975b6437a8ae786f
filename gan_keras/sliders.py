"""Sliders in a notebook: what the numbers of a latent vector and the labels do to the pictures.

Where no kernel runs, on a web page or in a notebook that is only read, a still picture stands in
their place.
"""

import base64
import io

from gan_keras import checks, latent, plotting
from gan_keras.models.vae import VAE

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

CLASS_A, CLASS_B, SHARE, SEED = "class a", "class b", "share of b", "seed"
REACH = 3  # How far a slider goes to either side.
STEPS = 9  # Pictures in a row of the still picture,
MOST_CLASSES = 12  # and in the row of the classes at most.


class Sliders:
    """Pictures that a trained model draws, and sliders that change them: a notebook shows both.

    A slider of a dimension or a direction says how many times its vector is added to every latent
    vector, from -3 to 3. A model with labels gets two choices of a class and the share of the
    second. The seed draws other latent vectors to begin with.

    What cannot show sliders, such as a web page, GitHub or nbconvert, shows `still()`. Needs
    ipywidgets.

    Attributes:
        controls: {name: widget}; `controls["z[0]"].value = 2` moves a slider from a program.
        images: the pictures as they are now, (n, *image_shape) float32 in [-1, 1].

    Args:
        model: one that draws from latent vectors: `GAN`, `DCGAN`, `CGAN`, `ACGAN` or `VAE`.
        dims: the numbers of z that get a slider, each from 0 to latent_dim - 1; by default the
            first three, or none if there are `directions`.
        directions: {name: (latent_dim,)}, such as `latent.direction` gives.
        labels: of a model with labels, classes a and b; by default the first and the last.
        class_names: of a model with labels, num_classes texts; by default numbers.
        seed: of the latent vectors to begin with, drawn by `latent.normal`.
        n: how many.
        start: (n, latent_dim), other vectors to begin with, in place of `seed` and `n`.

    Raises:
        ImportError: if ipywidgets is not installed.
        ValueError: for a model that draws no images from latent vectors, and for arguments that
            do not fit the model.
    """

    def __init__(self, model, dims=None, directions=None, labels=None, class_names=None,
                 seed: int = 0, n: int = 8, start=None):  # fmt: skip
        if not hasattr(model, "latent_dim") or len(model.image_shape) != 3:
            raise ValueError(
                f"This {type(model).__name__} draws no images from latent vectors. Sliders need a "
                "model that does: GAN, DCGAN, CGAN, ACGAN or VAE."
            )
        self.model = model
        self._vectors = _vectors(model.latent_dim, dims, directions)
        self.controls = {name: _slider(-REACH, REACH, 0.1) for name in self._vectors}
        self.controls |= _class_controls(model, labels, class_names)
        if not self.controls:
            raise ValueError("There is nothing to move: give dims or directions.")
        if start is None:
            checks.check_whole("n", n)
            checks.check_whole("seed", seed, at_least=0)
            self._n = n
            self.controls[SEED] = _widgets().BoundedIntText(seed, min=0, max=2**53)
        else:
            self._start = _finite("start", start, (None, model.latent_dim))
            self._n = len(start)
        as_it_is = {"align_self": "flex-start", "max_width": "100%"}
        self._picture = _widgets().Image(format="png", layout=as_it_is)
        self._box = _widgets().VBox([self._picture, *self.controls.values()])
        for name, control in self.controls.items():
            control.description = name
            control.style.description_width, control.layout.width = "8em", "30em"
            control.observe(self._redraw, names="value")
        self._redraw()

    def still(self) -> bytes:
        """A PNG: for each slider, and for class a, a row from its lowest to its highest value.

        All are drawn from the first latent vector, the other sliders where they are now. Bold type
        marks the values of now.
        """
        now = self._values()
        rows = {name: np.linspace(-REACH, REACH, STEPS) for name in self._vectors}
        if self.model.num_classes:
            last = self.model.num_classes - 1
            rows[CLASS_A] = np.unique(np.linspace(0, last, MOST_CLASSES).round().astype(int))
            rows[SHARE] = np.linspace(0, 1, STEPS)
        inputs = [self._inputs({**now, name: v}, 1) for name, row in rows.items() for v in row]
        images = iter(self._draw(*map(np.concatenate, zip(*inputs, strict=True))))
        film = []
        for name, row in rows.items():
            ticks = [self._text(name, value) for value in row]
            title = name
            if name == SHARE:
                a, b = (self._text(key, now[key]) for key in (CLASS_A, CLASS_B))
                title = f"{name}\n(a: {a}, b: {b})"
            film.append((title, ticks, self._text(name, now[name]), [next(images) for _ in row]))
        return _filmstrip(film)

    def _repr_mimebundle_(self, include=None, exclude=None):
        """The sliders for a front end that can run them, the still picture for all others."""
        view = {"version_major": 2, "version_minor": 0, "model_id": self._box.model_id}
        return {
            "text/plain": repr(self),
            "image/png": base64.b64encode(self.still()).decode(),
            "application/vnd.jupyter.widget-view+json": view,
        }

    def __repr__(self):
        values = ", ".join(f"{name} {value:g}" for name, value in self._values().items())
        return f"Sliders of a {type(self.model).__name__}: {values}"

    def _values(self):
        return {name: control.value for name, control in self.controls.items()}

    def _text(self, name, value):
        if name in (CLASS_A, CLASS_B):
            return self.controls[name].options[value][0]
        return f"{value:g}" if name == SHARE or value == 0 else f"{value:+g}"

    def _inputs(self, values, n):
        """What the network takes at these values, n rows: [z], or [z, y]."""
        if SEED in values:
            start = latent.normal(n, self.model.latent_dim, values[SEED])
        else:
            start = self._start[:n]
        z = start + sum(values[name] * vector for name, vector in self._vectors.items())
        z = np.float32(z)
        if not self.model.num_classes:
            return [z]
        a, b = np.eye(self.model.num_classes, dtype=np.float32)[[values[CLASS_A], values[CLASS_B]]]
        y = (1 - values[SHARE]) * a + values[SHARE] * b
        return [z, np.tile(np.float32(y), (len(z), 1))]

    def _draw(self, *inputs):
        model = self.model
        network = model.decoder if isinstance(model, VAE) else model.averaged_generator
        return model.in_batches(network, *inputs, batch_size=256)

    def _redraw(self, change=None):
        self.images = self._draw(*self._inputs(self._values(), self._n))
        self._picture.value = _enlarged(self.images)


def _widgets():
    try:
        import ipywidgets
    except ImportError as error:
        raise ImportError(
            "Sliders need ipywidgets, which is not installed: pip install ipywidgets, then restart "
            "the kernel."
        ) from error
    return ipywidgets


def _slider(least, most, step):
    return _widgets().FloatSlider(0, min=least, max=most, step=step)


def _class_controls(model, labels, class_names):
    """Choices of two classes and the share of the second, {} for a model without labels."""
    if not model.num_classes:
        if labels is None and class_names is None:
            return {}
        raise ValueError(f"This {type(model).__name__} knows no classes; leave out labels.")
    labels = np.asarray((0, model.num_classes - 1) if labels is None else labels)
    if labels.shape != (2,):
        raise ValueError(f"labels has shape {labels.shape}; it must be two classes, as (0, 1).")
    checks.check_labels(labels, 2, model.num_classes)
    names = range(model.num_classes) if class_names is None else class_names
    if len(names) != model.num_classes:
        raise ValueError(f"There are {len(names)} class_names; the model has {model.num_classes}.")
    options = [(str(name), number) for number, name in enumerate(names)]
    choices = [_widgets().Dropdown(options=options, value=int(label)) for label in labels]
    return {CLASS_A: choices[0], CLASS_B: choices[1], SHARE: _slider(0, 1, 0.05)}


def _vectors(latent_dim, dims, directions):
    """{name of a slider: what it adds to z}."""
    if dims is None:
        dims = () if directions else range(min(3, latent_dim))
    if not np.iterable(dims):
        raise ValueError(f"dims is {dims!r}; give several numbers of z, such as range(3).")
    vectors = {}
    for i in dims:
        checks.check_whole("dims", i, at_least=0)
        if i >= latent_dim:
            raise ValueError(f"dims has {i}; z has the numbers 0 to {latent_dim - 1}.")
        vectors[f"z[{i}]"] = np.eye(latent_dim, dtype=np.float32)[i]
    for name, vector in (directions or {}).items():
        if name in (CLASS_A, CLASS_B, SHARE, SEED):
            raise ValueError(f"A direction is called {name!r}, as another control; rename it.")
        vectors[name] = _finite(name, vector, (latent_dim,))
    return vectors


def _finite(name, array, shape):
    """(latent_dim,) or (None, latent_dim), None for any number, as float32; refuses all else."""
    array = np.asarray(array, np.float32)
    fits = array.ndim == len(shape) and array.shape[-1] == shape[-1]
    if not fits or not np.isfinite(array).all():
        raise ValueError(
            f"{name} has shape {array.shape}; it must be {str(shape).replace('None', 'n')}, "
            "without NaN and infinite values."
        )
    return array


def _pixels(images, columns) -> np.ndarray:
    sheet = np.uint8(plotting.tile(images, columns) * 255 + 0.5)
    return np.repeat(sheet, 3 // sheet.shape[-1], axis=-1)


def _enlarged(images) -> bytes:
    """A PNG of images side by side, each pixel as a square."""
    pixels = _pixels(images, columns=8)
    times = max(1, min(700 // pixels.shape[1], 140 // images.shape[1]))
    file = io.BytesIO()
    Image.fromarray(pixels.repeat(times, 0).repeat(times, 1)).save(file, "PNG", compress_level=1)
    return file.getvalue()


def _filmstrip(rows) -> bytes:
    """A PNG of rows of images, each with its name at the left and a text below each image.

    Args:
        rows: (name, texts, which of them is bold, images (H, W, C)) of each.
    """
    height, width = rows[0][3][0].shape[:2]
    columns, high = max(len(texts) for _, texts, *_ in rows), height / width
    line = high + 0.35  # All lengths in widths of an image, which is drawn 0.8 inches wide.
    figure = Figure((0.8 * (columns + 1.5), 0.8 * line * len(rows)), dpi=100)
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set(xlim=(-1.5, columns), ylim=(line * len(rows), 0))
    ax.axis("off")
    for r, (name, texts, now, images) in enumerate(rows):
        top, bottom = r * line, r * line + high
        ax.text(-0.1, top + high / 2, name, ha="right", va="center")
        for c, (text, image) in enumerate(zip(texts, images, strict=True)):
            extent = (c + 0.02, c + 0.98, bottom, top + 0.04)
            ax.imshow(_pixels(image[None], 1), extent=extent, aspect="auto")
            weight = "bold" if text == now else "normal"
            below = {"ha": "center", "va": "top", "fontsize": 8, "weight": weight}
            ax.text(c + 0.5, bottom + 0.05, text, **below)
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()
