"""The comparison of Pix2Pix's parts runs, in a size that shows no more than that."""

import json
import sys
from pathlib import Path

import gan_keras

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
import pix2pix_parts  # noqa: E402


@pytest.mark.long
def test_a_comparison_trains_measures_and_writes(monkeypatch, tmp_path):
    small = dict(variants=("GAN",), more_seeds=(), epochs=1, limit=66, few=2, progress=str)
    compare = pix2pix_parts.compare
    monkeypatch.setattr(pix2pix_parts, "compare", lambda: compare(**small))
    monkeypatch.setattr(pix2pix_parts, "RESULTS", tmp_path)
    pix2pix_parts.make()
    results = json.loads((tmp_path / "pix2pix_parts.json").read_text())
    assert results["pictures"] == ["line art", "GAN", "true"]
    assert results["n"] == results["other real emoji"]["n"] == 66
    (row,) = results["rows"]
    assert (row["variant"], row["seed"]) == ("GAN", 0)
    numbers = [value for value in row.values() if isinstance(value, float)]
    assert len(numbers) == 9 and np.isfinite(numbers).all()
    assert row["mean_absolute"] > 0 and row["spread"] > 0
    assert (tmp_path / "pix2pix_parts.png").stat().st_size > 10_000


@pytest.mark.parametrize("variant", pix2pix_parts.VARIANTS)
def test_every_variant_names_arguments_there_are(variant):
    options = dict(pix2pix_parts.VARIANTS[variant][1])
    shown = options.pop("shown", True)
    if not shown:
        options["discriminator"] = pix2pix_parts.blind_discriminator()
    model = gan_keras.Pix2Pix((64, 64, 1), (64, 64, 3), recipe="fast", **options)
    a, b = np.zeros((1, 64, 64, 1), "float32"), np.zeros((1, 64, 64, 3), "float32")
    told = model.discriminator([a, b]).numpy(), model.discriminator([a + 1, b]).numpy()
    assert np.array_equal(*told) == (not shown)


def test_a_blind_discriminator_is_the_recipes_but_for_its_input():
    own = gan_keras.Pix2Pix((64, 64, 1), (64, 64, 3), recipe="fast").discriminator
    blind = pix2pix_parts.blind_discriminator()
    assert own.output_shape == blind.output_shape
    fewer = 4 * 4 * 1 * 16  # Weights of the first convolution that look at the line art.
    assert own.count_params() - blind.count_params() == fewer


def test_grey_has_no_chroma_and_a_plane_no_sharpness():
    grey = np.random.default_rng(0).uniform(-1, 1, (3, 8, 8, 1)).repeat(3, axis=-1)
    assert pix2pix_parts.chroma(grey) == 0 < pix2pix_parts.sharpness(grey)
    red = np.broadcast_to([1.0, -1.0, -1.0], (3, 8, 8, 3))
    assert (pix2pix_parts.chroma(red), pix2pix_parts.sharpness(red)) == (2, 0)
