"""The comparison of CycleGAN's parts runs, in a size that shows no more than that."""

import json
import sys
from pathlib import Path

import gan_keras
from gan_keras.models import cyclegan

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
import cyclegan_colours  # noqa: E402
import cyclegan_parts  # noqa: E402


@pytest.fixture
def shrunk(monkeypatch):
    """Small networks in place of the recipe's."""
    fast = cyclegan.RECIPES["fast"]
    for networks, name, value in (
        ("generator", "width", 2),
        ("generator", "blocks", 1),
        ("discriminator", "width", 2),
    ):
        monkeypatch.setitem(fast[networks], name, value)


@pytest.mark.long
def test_a_comparison_trains_measures_and_writes(shrunk, monkeypatch, tmp_path):
    monkeypatch.setattr(cyclegan_parts, "RESULTS", tmp_path)
    variants = ("no cycle",)
    small = dict(steps=2, image_size=16, limit=70, progress=str)
    cyclegan_parts.make(variants=variants, more_seeds=(), **small)
    results = json.loads((tmp_path / "cyclegan_parts.json").read_text())
    assert [row["variant"] for row in results["rows"]] == list(variants)
    for row in results["rows"]:
        for direction in ("a_to_b", "b_to_a"):
            assert None not in row[direction].values()
            assert 0 < row[direction]["mean_absolute"] < 2
    bounds = results["bounds"]["a_to_b"]
    assert bounds["partner"]["mean_absolute"] == 0 and bounds["partner"]["ssim"] == 1
    assert bounds["handing back the input"]["mean_absolute"] > 0.1
    assert len(results["picture"]) == 2 * (1 + len(variants) + 1)
    assert (tmp_path / "cyclegan_parts.png").stat().st_size > 10_000


def test_each_variant_lacks_what_it_says(shrunk):
    def weights(name):
        _, options, falls = cyclegan_parts.VARIANTS[name]
        options = {**cyclegan_parts.ALL, **options}
        model = gan_keras.CycleGAN((16, 16, 3), recipe="fast", **options)
        return [model.cycle_weight, model.identity_weight], model.pool_size, falls

    found = {name: weights(name) for name in cyclegan_parts.VARIANTS}
    assert found == {
        "all": ([10, 5], 50, True),
        "no cycle": ([0, 5], 50, True),
        "no identity": ([10, 0], 50, True),
        "no pool": ([10, 5], 0, True),
        "no decay": ([10, 5], 50, False),
        "game alone": ([0, 0], 50, True),
    }


@pytest.mark.long
def test_a_variant_trains_for_exactly_the_steps(shrunk):
    model, row = cyclegan_parts.train("no decay", 0, 12, 8, 16, 70, "fast")
    assert int(model.step) == 12
    assert np.isfinite(list(row.values())).all()
    assert float(model.g_optimizer.learning_rate) > 0


def test_colours_are_compared_with_and_without_the_identity_loss(shrunk, monkeypatch, tmp_path):
    weights = []

    def train(variant, seed, *settings):
        model, row = cyclegan_parts.train(variant, seed, *settings)
        weights.append(model.identity_weight)
        return model, row

    monkeypatch.setattr(cyclegan_colours, "train", train)
    monkeypatch.setattr(cyclegan_parts, "RESULTS", tmp_path)
    small = dict(seeds=1, steps=2, image_size=16, limit=70, progress=str)
    cyclegan_parts.make(cyclegan_colours.compare, "cyclegan_colours", **small)
    results = json.loads((tmp_path / "cyclegan_colours.json").read_text())
    assert [row["identity loss"] for row in results["rows"]] == ["without", "with"]
    assert weights == [0, 5]
    for row in results["rows"]:
        assert 0 < row["a_to_b"] < 2 and 0 < row["b_to_a"] < 2
        assert row["a_to_b"] != results["handing back the input"]
    assert results["picture"] == ["input", "without, seed 0", "with, seed 0", "partner"]
    assert (tmp_path / "cyclegan_colours.png").stat().st_size > 1000
