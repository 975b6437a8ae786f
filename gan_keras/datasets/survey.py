"""What a folder of pictures holds, before a model is trained on it."""

import hashlib
import os
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from gan_keras.datasets import folder

import numpy as np
from PIL import ExifTags, Image

TINY = 64  # pixels of the shorter side
SIZES = (64, 32)  # advised, best first; larger ones are for those with a GPU and patience
ALIKE = 4  # bits of a hash of 64 that may differ


@dataclass(frozen=True)
class Survey:
    """What was found in a folder of pictures.

    Attributes:
        folder: that was looked at.
        sizes: {path: (width, height)} of the pictures that can be read, upright, in sorted order.
        damaged: {path: what is wrong} of those that cannot.
        foreign: files in formats that are not read, such as HEIC.
        turned: pictures that are stored on their side and are turned upright by their EXIF tag.
        tiny: pictures whose shorter side has fewer than 64 pixels, left out where all have.
        copies: groups of files with the same pixels.
        alike: groups of files that look the same, scaled or saved anew; by a hash that sees the
            brightness of 9 x 8 pixels alone, and may err.
        grey: how many of the pictures are grey.
    """

    folder: Path
    sizes: dict[Path, tuple[int, int]]
    damaged: dict[Path, str]
    foreign: list[Path]
    turned: list[Path]
    tiny: list[Path]
    copies: list[list[Path]]
    alike: list[list[Path]]
    grey: int

    @property
    def image_size(self) -> int | None:
        """Advised for `load_dataset`: None keeps the one size that all have, if models take it.

        Else 64, or 32 where more than a tenth of the pictures would have to be enlarged.
        """
        if len(set(self.sizes.values())) == 1:
            sides = next(iter(self.sizes.values()))
            if all(side % 4 == 0 and 28 <= side <= 128 for side in sides):
                return None
        shorter = sorted(map(min, self.sizes.values()))
        tenth = shorter[len(shorter) // 10]
        return next((size for size in SIZES if tenth >= size), SIZES[-1])

    @property
    def channels(self) -> int | None:
        """Advised for `load_dataset`: 3 where grey and colour are mixed, else None: as is."""
        return 3 if 0 < self.grey < len(self.sizes) else None

    def __str__(self):
        shorter, longer = (sorted(map(side, self.sizes.values())) for side in (min, max))
        upright = sum(height > width for width, height in self.sizes.values())
        size = f"{shorter[0]} to {longer[-1]} pixels a side, the middle one {_middle(shorter)}"
        if len(set(self.sizes.values())) == 1:
            size = "{} x {} pixels".format(*next(iter(self.sizes.values())))
        lines = [f"{len(self.sizes):,} pictures in {self.folder}: {size}; {upright:,} upright."]
        if self.turned:
            lines.append(f"Turned upright by their EXIF tag: {len(self.turned):,}.")
        if 0 < self.grey < len(self.sizes):
            lines.append(f"Grey, loaded as colour: {self.grey:,}.")
        if self.foreign:
            lines.append(
                f"Left out, as their format is not read: {self._listed(self.foreign)}. Save them "
                "as JPEG to have them too."
            )
        if self.damaged:
            damaged = [f"{self._name(path)}: {why}" for path, why in self.damaged.items()]
            lines.append(
                f"Left out, as they cannot be decoded: {len(damaged):,} ({_some(damaged)})."
            )
        if self.tiny:
            lines.append(
                f"Under {TINY} pixels on a side, perhaps icons: {self._listed(self.tiny)}."
            )
        for groups, what in ((self.copies, "With the same pixels as"), (self.alike, "Much like")):
            if groups:
                extra = sum(map(len, groups)) - len(groups)
                shown = _some([" = ".join(map(self._name, group)) for group in groups])
                lines.append(f"{what} another: {extra:,} ({shown}).")
        how = f"image_size={self.image_size}" if self.image_size else "their own size"
        few = "; few, so augment in a long training" if len(self.sizes) < 5000 else ""
        lines.append(f"Advised: {how}, batches of {batch_size(len(self.sizes))}{few}.")
        return "\n".join(lines)

    def _name(self, path):
        return str(path.relative_to(self.folder))

    def _listed(self, paths):
        return f"{len(paths):,} ({_some(list(map(self._name, paths)))})"


def survey(place: str | Path, split: str | None = None) -> Survey:
    """Looks at every file in a folder and below: what `load_dataset` loads, and what it leaves out.

    Args:
        place: of the pictures.
        split: the one to look at, as in `load_dataset`; None for all.

    Raises:
        FileNotFoundError: if there is no such folder, or it holds no picture.
        ValueError: if none of its pictures can be decoded.
    """
    place = folder.top(Path(place).expanduser(), split)
    paths = folder.picture_files([place])
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        looks = dict(zip(paths, pool.map(_look, paths), strict=True))
    damaged = {path: str(look) for path, look in looks.items() if isinstance(look, Exception)}
    looks = {path: look for path, look in looks.items() if path not in damaged}
    if not looks:
        shown = _some([f"{path.relative_to(place)} ({why})" for path, why in damaged.items()])
        raise ValueError(f"None of the {len(damaged)} pictures in {place} can be decoded: {shown}.")
    tiny = [path for path, look in looks.items() if min(look.size) < TINY]
    copies = _groups({path: look.digest for path, look in looks.items()})
    first = {path for group in copies for path in group[1:]}
    return Survey(
        folder=place,
        sizes={path: look.size for path, look in looks.items()},
        damaged=damaged,
        foreign=folder.foreign_files(place),
        turned=[path for path, look in looks.items() if look.turned],
        tiny=tiny if len(tiny) < len(looks) else [],
        copies=copies,
        alike=_alike({path: look.hash for path, look in looks.items() if path not in first}),
        grey=sum(look.grey for look in looks.values()),
    )


def batch_size(count: int) -> int:
    """Of a folder with `count` pictures: 64, or all of them if they are fewer."""
    return min(64, count)


@dataclass(frozen=True)
class _Look:
    size: tuple[int, int]
    grey: bool
    turned: bool
    digest: bytes
    hash: int


def _look(path):
    try:
        with Image.open(path) as image:
            turned = image.getexif().get(ExifTags.Base.Orientation) in range(2, 9)
        image = folder.open_upright(path, None)
        digest = hashlib.sha256(repr((image.mode, image.size)).encode() + image.tobytes()).digest()
        return _Look(image.size, image.mode == "L", turned, digest, _difference_hash(image))
    except Exception as error:  # decoders raise whatever a broken file leads them into
        return error


def _difference_hash(image) -> int:
    """64 bits: which of 9 x 8 pixels are darker than their right neighbour (Krawetz's dHash)."""
    small = image.convert("L").resize((9, 8), Image.Resampling.BOX)
    pixels = np.asarray(small, np.int16)
    return int.from_bytes(np.packbits(pixels[:, :-1] < pixels[:, 1:]).tobytes())


def _groups(keys):
    groups = defaultdict(list)
    for path, key in keys.items():
        groups[key].append(path)
    return [group for group in groups.values() if len(group) > 1]


def _alike(hashes):
    """Groups of pictures whose hashes differ in up to `ALIKE` bits from that of the group's first.

    Flat pictures, of whose hash hardly a bit is set, are left out.
    """
    groups, in_band = {}, defaultdict(list)
    for path, hash in hashes.items():
        if not 4 < hash.bit_count() < 60:
            continue
        # Of ALIKE + 1 bands of bits, one at least is equal where no more than ALIKE bits differ.
        width = -(-64 // (ALIKE + 1))
        bands = [(i, hash >> i * width & (1 << width) - 1) for i in range(ALIKE + 1)]
        near = (first for band in bands for first in in_band[band])
        first = next((f for f in near if (hashes[f] ^ hash).bit_count() <= ALIKE), None)
        if first is None:
            groups[path] = [path]
            for band in bands:
                in_band[band].append(path)
        else:
            groups[first].append(path)
    return [group for group in groups.values() if len(group) > 1]


def _middle(values):
    return values[len(values) // 2]


def _some(texts, most=5):
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return ", ".join(texts[:most]) + more
