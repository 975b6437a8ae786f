"""Pictures: image grids, training curves, animations."""

import io

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image


def tile(images, columns: int | None = None) -> np.ndarray:
    """Images (n, H, W, C) in [-1, 1] as one array (rows, columns, C) in [0, 1], white between.

    Raises:
        ValueError: if the images are not of rank 4, or there are none.
    """
    images = np.asarray(images, np.float32)
    if images.ndim != 4 or len(images) == 0:
        raise ValueError(f"The images have shape {images.shape}; they must be (n, H, W, C), n > 0.")
    n, height, width, channels = images.shape
    columns = min(columns or int(np.ceil(np.sqrt(n))), n)
    rows = -(-n // columns)
    sheet = np.ones((rows * (height + 1) - 1, columns * (width + 1) - 1, channels), np.float32)
    for i, image in enumerate(np.clip(images / 2 + 0.5, 0, 1)):
        y, x = i // columns * (height + 1), i % columns * (width + 1)
        sheet[y : y + height, x : x + width] = image
    return sheet


def image_grid(images, columns=None, title=None, titles=None, ax=None):
    """Shows images in a grid, row by row.

    Args:
        images: (n, H, W, C) in [-1, 1]; C is 1 or 3.
        columns: by default about as many as rows.
        title: one line above the grid.
        titles: one short text for each image, drawn above it.
        ax: matplotlib axes to draw on; by default those of a new figure.

    Returns:
        The axes.
    """
    sheet = tile(images, columns)
    (height, width), columns = np.shape(images)[1:3], columns or int(np.ceil(len(images) ** 0.5))
    columns = min(columns, len(images))
    if ax is None:
        rows = -(-len(images) // columns)
        inches = min(1.0, 11 / columns)
        spaced = rows * inches * height / width * (1.3 if titles is not None else 1)
        _, ax = plt.subplots(figsize=(columns * inches, spaced + 0.3 * bool(title)))
    if titles is None:
        ax.imshow(sheet.squeeze(-1) if sheet.shape[-1] == 1 else sheet, cmap="gray", vmin=0, vmax=1)
    else:
        gap = max(6, height // 3)
        for i, (image, text) in enumerate(zip(images, titles, strict=True)):
            y, x = i // columns * (height + gap), i % columns * (width + 2)
            shown = np.clip(np.asarray(image) / 2 + 0.5, 0, 1)
            shown = shown.squeeze(-1) if shown.shape[-1] == 1 else shown
            extent = (x, x + width, y + height, y)
            ax.imshow(shown, cmap="gray", vmin=0, vmax=1, extent=extent)
            ax.text(x + width / 2, y - 1, text, ha="center", va="bottom", fontsize=8)
        ax.set(
            xlim=(0, columns * (width + 2)), ylim=((i // columns + 1) * (height + gap) - gap, -gap)
        )
    ax.axis("off")
    if title:
        ax.set_title(title)
    return ax


def curves(history, keys=None, ax=None, ylabel=None):
    """Draws training curves, one line a key, over epochs.

    Args:
        history: what `fit` returns, or a dict of lists.
        keys: the curves to draw; by default all.
        ax: matplotlib axes; by default those of a new figure.
        ylabel: of the vertical axis.

    Returns:
        The axes.
    """
    history = getattr(history, "history", history)
    if ax is None:
        _, ax = plt.subplots(figsize=(6, 3))
    for key in keys or history:
        values = np.asarray(history[key], np.float64)
        measured = ~np.isnan(values)  # `Evaluate` leaves out epochs.
        ax.plot(np.flatnonzero(measured) + 1, values[measured], label=key)
    ax.set(xlabel="epoch", ylabel=ylabel)
    ax.legend()
    return ax


def animate(draw, frames, seconds: float = 0.2, figsize=(4, 4)):
    """An animation as a PNG with several frames, which notebooks, web pages and GitHub all show.

    Args:
        draw: function of (axes, frame) that draws one frame on empty axes.
        frames: what to draw, in order; the last one is held for ten times as long.
        seconds: how long each frame is shown.
        figsize: inches.

    Returns:
        `IPython.display.Image`; its `data` are the PNG's bytes.
    """
    from IPython.display import Image as Picture

    pictures = []
    for frame in frames:
        figure, ax = plt.subplots(figsize=figsize, dpi=72)
        draw(ax, frame)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png")
        plt.close(figure)
        pictures.append(Image.open(buffer).convert("RGB"))
    # A palette makes it smaller. One for all: Pillow before 13 keeps that of the first frame alone.
    width, height = pictures[0].size
    column = Image.new("RGB", (width, height * len(pictures)))
    for i, picture in enumerate(pictures):
        column.paste(picture, (0, i * height))
    column = column.quantize(256)
    tops = range(0, column.height, height)
    pictures = [column.crop((0, top, width, top + height)) for top in tops]
    durations = [int(seconds * 1000)] * (len(pictures) - 1) + [int(seconds * 10_000)]
    file = io.BytesIO()
    pictures[0].save(
        file, format="PNG", save_all=True, append_images=pictures[1:], duration=durations, loop=0
    )
    return Picture(data=file.getvalue(), format="png")
