"""A folder of made-up holiday photos, as telephones and cameras leave them."""

import numpy as np
from PIL import ExifTags, Image, ImageDraw


def photo(rng, size):
    """Sky, sea, a sun and some hills, (width, height)."""
    width, height = size
    sky, sea = rng.integers(60, 256, 3), rng.integers(0, 160, 3)
    image = Image.new("RGB", size, tuple(map(int, sky)))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, int(height * rng.uniform(0.4, 0.8)), width, height), tuple(map(int, sea)))
    for _ in range(6):
        x, y, r = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(0.05, 0.3) * width
        draw.ellipse((x - r, y - r, x + r, y + r), tuple(map(int, rng.integers(0, 256, 3))))
    return image


def holiday(place, n=200, seed=0, longest=480):
    """Writes n readable JPEG photos, 4 of them troublesome, and 2 that cannot be read.

    IMG_0001 is one of IMG_0000's bytes, IMG_0002 is IMG_0000 scaled and saved anew, IMG_0003 is
    tiny; every tenth is stored on its side. damaged.jpg is cut off; telephone.HEIC is no JPEG.
    """
    rng = np.random.default_rng(seed)
    for i in range(n):
        size = rng.integers(longest // 3, longest, 2).tolist()
        path = place / ("beach" if i % 2 else "town") / f"IMG_{i:04}.JPG"
        path.parent.mkdir(parents=True, exist_ok=True)
        image, exif = photo(rng, size), Image.Exif()
        if i % 10 == 9:
            exif[ExifTags.Base.Orientation] = 6
            image = image.transpose(Image.Transpose.ROTATE_90)  # As the sensor saw it.
        if i == 3:
            image = image.resize((40, 30))
        image.save(path, quality=90, exif=exif)
    first = place / "town/IMG_0000.JPG"
    (place / "beach/IMG_0001.JPG").write_bytes(first.read_bytes())
    with Image.open(first) as image:
        smaller = image.resize((image.width * 2 // 3, image.height * 2 // 3))
    smaller.save(place / "town/IMG_0002.JPG", quality=70)
    (place / "damaged.jpg").write_bytes(first.read_bytes()[:2000])
    (place / "telephone.HEIC").write_bytes(b"\0\0\0\x18ftypheic")
    (place / "notes.txt").write_text("where we were")
