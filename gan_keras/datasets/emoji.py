"""The emoji data set: one subject drawn three ways, as a tensorflow-datasets builder.

`data/emoji` is this builder's output; `data/build.py` runs it. Reading the prepared files needs
nothing of this module but `split_of`.
"""

import hashlib

import numpy as np
import tensorflow_datasets as tfds

GROUPS = [
    "smileys-emotion",
    "people-body",
    "component",
    "animals-nature",
    "food-drink",
    "travel-places",
    "activities",
    "objects",
    "symbols",
    "flags",
    "extras-openmoji",
    "extras-unicode",
]


def split_of(hexcode):
    """Return the split ("train", "validation" or "test") that an emoji belongs to, for ever.

    The first 8 hexadecimal digits of sha256(hexcode), read as an integer, modulo 10: 0 is test,
    1 is validation, the rest train. An emoji added later can move no other one.
    """
    bucket = int(hashlib.sha256(hexcode.encode()).hexdigest()[:8], 16) % 10
    return {0: "test", 1: "validation"}.get(bucket, "train")


class Emoji(tfds.core.GeneratorBasedBuilder):
    """OpenMoji line art, OpenMoji colour drawings and Noto emoji of the same subjects, 64x64.

    The subgroup `brand` is left out: it holds drawings of companies' marks.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "OpenMoji 17.0.0, Noto Emoji from emoji-datasource-google 16.0.0."}
    MANUAL_DOWNLOAD_INSTRUCTIONS = "Put emoji_64.npz, which data/render_emoji.py draws, there."

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description=(
                "Emoji drawn on white, 64x64: `line` (OpenMoji's black line art), `color` "
                "(OpenMoji's colour drawing) and `noto` (Google's drawing of the same emoji, all "
                "zeros where `has_noto` is False)."
            ),
            features=tfds.features.FeaturesDict(
                {
                    "line": tfds.features.Image(shape=(64, 64, 1), encoding_format="png"),
                    "color": tfds.features.Image(shape=(64, 64, 3), encoding_format="png"),
                    "noto": tfds.features.Image(shape=(64, 64, 3), encoding_format="png"),
                    "has_noto": np.bool_,
                    "hexcode": tfds.features.Text(),
                    "annotation": tfds.features.Text(),
                    "group": tfds.features.ClassLabel(names=GROUPS),
                    "subgroup": tfds.features.Text(),
                }
            ),
            supervised_keys=("color", "group"),
            homepage="https://openmoji.org",
            license=(
                "line, color: CC BY-SA 4.0, all emojis designed by OpenMoji - the open-source "
                "emoji and icon project. noto: Apache 2.0, Noto Emoji by Google."
            ),
        )

    def _split_generators(self, dl_manager):
        with np.load(dl_manager.manual_dir / "emoji_64.npz", allow_pickle=False) as archive:
            arrays = dict(archive)
        return {
            split: self._generate_examples(arrays, split)
            for split in ("train", "validation", "test")
        }

    def _generate_examples(self, arrays, split):
        for i, hexcode in enumerate(arrays["hexcode"].tolist()):
            if arrays["subgroup"][i] == "brand" or split_of(hexcode) != split:
                continue
            yield (
                hexcode,
                {
                    "line": arrays["line"][i][..., np.newaxis],
                    "color": arrays["color"][i],
                    "noto": arrays["noto"][i],
                    "has_noto": bool(arrays["has_noto"][i]),
                    "hexcode": hexcode,
                    "annotation": str(arrays["annotation"][i]),
                    "group": str(arrays["group"][i]),
                    "subgroup": str(arrays["subgroup"][i]),
                },
            )
