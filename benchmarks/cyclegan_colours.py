"""How often does CycleGAN exchange colours, with and without its identity loss?

    python benchmarks/cyclegan_colours.py [--seeds 6] [--steps 400]

trains `CycleGAN(recipe="fast")` on OpenMoji's and Noto's emoji from several seeds, each with the
identity loss and without, for two epochs, in which it is decided which colour becomes which.
Writes the distances from the hidden partners of the test split, results/cyclegan_colours.json, and
some translations of each run, results/cyclegan_colours.png. Chapter 6 shows both. A model whose
colours were exchanged comes less near to the partners than the input does.
"""

import argparse

import numpy as np
from cyclegan_parts import arrays, load, make, rounded, train
from machine import describe

VARIANTS = {"without": "no identity", "with": "all"}  # Names in `cyclegan_parts.VARIANTS`.
SHOWN = 12


def compare(seeds=6, steps=400, image_size=64, limit=None, progress=print):
    """Trains from the seeds 0, 1, ... with and without the identity loss.

    Returns:
        (results, images): a dict that JSON can hold, and {name of a row: its images}.
    """
    a, b = arrays(load("test", True, image_size, 50, shuffle=False, limit=limit))
    rows, images = [], {"input": a[:SHOWN]}
    for name, variant in VARIANTS.items():
        for seed in range(seeds):
            model, _ = train(variant, seed, steps, 4, image_size, limit, "fast")
            fake_b, fake_a = model.translate(a), model.translate(b, "b_to_a")
            row = {
                "identity loss": name,
                "seed": seed,
                "a_to_b": rounded(np.abs(fake_b - b).mean()),
                "b_to_a": rounded(np.abs(fake_a - a).mean()),
            }
            rows.append(row)
            images[f"{name}, seed {seed}"] = fake_b[:SHOWN]
            progress(row)
    images["partner"] = b[:SHOWN]
    results = {
        "command": f"python benchmarks/cyclegan_colours.py --seeds {seeds} --steps {steps}",
        "machine": describe(),
        "settings": {"steps": steps, "batch_size": 4, "image_size": image_size, "n": len(a)},
        "handing back the input": rounded(np.abs(a - b).mean()),
        "rows": rows,
    }
    return results, images


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--steps", type=int, default=400)
    make(compare, "cyclegan_colours", **vars(parser.parse_args()))
