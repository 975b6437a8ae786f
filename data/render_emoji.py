#!/usr/bin/env python3
"""Draw the emoji archive, emoji_64.npz, from two npm packages.

    npm pack openmoji@17.0.0 emoji-datasource-google@16.0.0
    mkdir openmoji google
    tar xzf openmoji-17.0.0.tgz -C openmoji --strip-components=1
    tar xzf emoji-datasource-google-16.0.0.tgz -C google --strip-components=1
    python data/render_emoji.py openmoji google emoji_64.npz

Needs CairoSVG, Pillow and NumPy. One row for each base emoji of OpenMoji (no skin tones), all
uint8 on white:
    line (64, 64) and color (64, 64, 3): OpenMoji's black and colour drawings
    noto (64, 64, 3): Google's drawing of the same emoji, zeros where `has_noto` is False
    hexcode, group, subgroup, annotation: OpenMoji's description of it
"""

import io
import json
import sys
from pathlib import Path

import cairosvg
import numpy as np
from PIL import Image

SIZE = 64


def on_white(image):
    """Lay a picture on white and shrink it to (SIZE, SIZE, 3) uint8."""
    ground = Image.new("RGBA", image.size, "white")
    ground.alpha_composite(image.convert("RGBA"))
    return np.asarray(ground.convert("RGB").resize((SIZE, SIZE), Image.Resampling.LANCZOS))


def draw(svg):
    # Four times too large, then shrunk: finer edges than Cairo's own at this size.
    png = cairosvg.svg2png(url=str(svg), output_width=4 * SIZE, output_height=4 * SIZE)
    return on_white(Image.open(io.BytesIO(png)))


def key(hexcode):
    """One name for an emoji in both packages: upper case, without variation selectors."""
    return hexcode.upper().replace("-FE0F", "")


def rows(openmoji, google):
    noto_files = {
        key(entry["unified"]): google / "img/google/64" / entry["image"]
        for entry in json.loads((google / "emoji.json").read_text())
    }
    for entry in json.loads((openmoji / "data/openmoji.json").read_text()):
        hexcode = entry["hexcode"]
        if entry["skintone_base_hexcode"] not in ("", hexcode):
            continue
        try:
            color = draw(openmoji / "color/svg" / f"{hexcode}.svg")
            line = draw(openmoji / "black/svg" / f"{hexcode}.svg")
        except Exception as error:  # CairoSVG fails in its own ways on a drawing with a fault
            print(f"{hexcode} is left out: {error}", file=sys.stderr)
            continue
        noto_file = noto_files.get(key(hexcode))
        has_noto = noto_file is not None and noto_file.is_file()
        yield {
            "color": color,
            "line": line[..., 0],
            "noto": on_white(Image.open(noto_file)) if has_noto else np.zeros_like(color),
            "has_noto": has_noto,
            "hexcode": hexcode,
            "group": entry["group"],
            "subgroup": entry["subgroups"],
            "annotation": entry["annotation"],
        }


if __name__ == "__main__":
    if len(sys.argv) != 4:
        raise SystemExit(__doc__)
    drawn = list(rows(Path(sys.argv[1]), Path(sys.argv[2])))
    columns = {name: np.array([row[name] for row in drawn]) for name in drawn[0]}
    np.savez_compressed(sys.argv[3], **columns)
