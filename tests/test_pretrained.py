import json
import shutil

import gan_keras
from gan_keras import metrics, pretrained

import numpy as np
import pytest

CARDS = {name: pretrained.card(name) for name in pretrained.names()}
TRANSLATING = [name for name, card in CARDS.items() if "pair" in card]
DRAWING = [name for name in CARDS if name not in TRANSLATING]


@pytest.mark.parametrize("name", CARDS)
def test_pretrained_models_are_small_and_come_with_a_card(name):
    card, model = CARDS[name], gan_keras.load_pretrained(name)
    path = pretrained.FOLDER / f"{name}.npz"
    assert path.stat().st_size < 5e6
    assert type(model).__name__ == card["class"]
    for key in ("data", "command", "epochs", "steps", "minutes", "machine", "scores"):
        assert card[key], key


@pytest.mark.parametrize("name", DRAWING)
def test_pretrained_models_draw_and_train_on(name):
    model = gan_keras.load_pretrained(name)
    images = model.generate(12, seed=0)
    assert images.std() > 0.2  # not the grey of an untrained network
    model.compile()
    labels = np.arange(12) % model.num_classes if model.num_classes else None
    history = model.fit(images, labels, batch_size=4, verbose=0).history
    assert np.isfinite(list(history.values())).all()


@pytest.mark.parametrize("name", DRAWING)
def test_pretrained_models_score_what_their_card_says(name):
    """At the scorecard's N, within three of its standard deviations or three per cent.

    The seed is none of the scorecard's.
    """
    scores = CARDS[name]["scores"]
    model = gan_keras.load_pretrained(name)
    reference = metrics.load_reference(CARDS[name]["data"], image_size=model.image_shape[:2])
    labels = {"labels": reference.labels} if model.num_classes else {}
    images = model.generate(scores["n"], seed=100, **labels)
    spread = max(3 * scores["frechet_sd"], 0.03 * scores["frechet"])
    assert reference.frechet(images) == pytest.approx(scores["frechet"], abs=spread)
    if labels:
        _, probabilities = reference.extractor(images)
        accuracy = metrics.conditional_accuracy(probabilities, reference.labels)
        assert accuracy == pytest.approx(scores["accuracy"], abs=0.02)


@pytest.mark.parametrize("name", TRANSLATING)
def test_pretrained_translators_score_what_their_card_says_and_train_on(name):
    card, model = CARDS[name], gan_keras.load_pretrained(name)
    options = {key: card[key] for key in ("pair", "exclude")}
    pairs = gan_keras.load_dataset(card["data"], "test", shuffle=False, batch_size=50, **options)
    a, b = map(np.concatenate, zip(*pairs.as_numpy_iterator(), strict=True))
    error = metrics.pixel_errors(model.translate(a), b).mean_absolute
    said = card["scores"]["directions"]["a_to_b"]
    assert error == pytest.approx(said["mean_absolute"], rel=0.03)
    assert error < said["input"]["mean_absolute"]
    model.compile(steps=10)
    history = model.fit(pairs.take(2), verbose=0).history
    assert np.isfinite(list(history.values())).all()


def test_scorecard_and_readme_say_what_the_cards_say():
    root = pretrained.FOLDER.parents[1]
    scorecard = json.loads((root / "benchmarks/scorecard.json").read_text())["models"]
    assert scorecard == {name: card["scores"] for name, card in CARDS.items()}
    readme = (root / "README.md").read_text()
    for name, entry in scorecard.items():
        assert f"| `{name}` |" in readme
        if name in TRANSLATING:
            for scores in entry["directions"].values():
                assert f"| {scores['mean_absolute']:.4f} (" in readme
        else:
            assert f"{entry['frechet']:.2f} ± {entry['frechet_sd']:.2f}" in readme


@pytest.fixture
def saved(tmp_path):
    model = gan_keras.DCGAN(width=2, seed=0)
    model.compile()
    model.fit(np.tanh(np.random.default_rng(0).normal(size=(32, 28, 28, 1))), verbose=0)
    pretrained.save(model, tmp_path / "mine", {"width": 2}, data="none")
    return model, tmp_path / "mine.json"


def test_a_dot_in_a_name_is_a_part_of_it(tmp_path):
    for rate in ("0.0002", "0.0004"):
        pretrained.save(gan_keras.DCGAN(width=2, seed=0), tmp_path / f"lr-{rate}", {"width": 2})
    assert len(list(tmp_path.iterdir())) == 4
    gan_keras.load_pretrained(tmp_path / "lr-0.0002.json")


def test_a_card_may_be_given_by_its_path_as_a_string(saved):
    model, path = saved
    again = gan_keras.load_pretrained(str(path))
    assert type(again) is type(model)


def test_saved_weights_are_the_averaged_ones_to_half_precision(saved):
    model, path = saved
    loaded = gan_keras.load_pretrained(path)
    np.testing.assert_allclose(loaded.generate(5, seed=1), model.generate(5, seed=1), atol=5e-3)
    for a, b in zip(loaded.generator.weights, loaded.averaged_generator.weights, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    for a, b in zip(loaded.discriminator.weights, model.discriminator.weights, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-3, atol=1e-6)


def test_both_generators_of_a_cyclegan_are_kept(tmp_path):
    images = np.tanh(np.random.default_rng(0).normal(size=(16, 16, 16, 1)))
    arguments = {"image_shape": [16, 16, 1], "recipe": "fast", "width": 2}
    model = gan_keras.CycleGAN(**arguments)
    model.compile()
    model.fit(images, -images, batch_size=8, verbose=0)
    pretrained.save(model, tmp_path / "mine", arguments)
    loaded = gan_keras.load_pretrained(tmp_path / "mine.json")
    for direction in ("a_to_b", "b_to_a"):
        found, expected = (m.translate(images, direction) for m in (loaded, model))
        np.testing.assert_allclose(found, expected, atol=2e-2)
        assert expected.std() > 0.05


def test_damaged_cut_off_and_foreign_weights_are_refused(saved, tmp_path):
    _, path = saved
    weights = path.with_suffix(".npz")
    whole = weights.read_bytes()
    for broken in (whole[:-100], whole[:500] + b"\0" + whole[501:], b""):
        weights.write_bytes(broken)
        with pytest.raises(ValueError, match="damaged or is another model's"):
            gan_keras.load_pretrained(path)
    weights.unlink()
    with pytest.raises(ValueError, match="is missing"):
        gan_keras.load_pretrained(path)
    other = gan_keras.DCGAN(width=4)
    pretrained.save(other, tmp_path / "other", {"width": 4})
    shutil.copy(tmp_path / "other.npz", weights)
    with pytest.raises(ValueError, match="another model's"):
        gan_keras.load_pretrained(path)


def test_foreign_cards_and_unknown_names_are_refused(tmp_path):
    with pytest.raises(ValueError, match="no pretrained model 'dcgan-cats'. Choose one of"):
        gan_keras.load_pretrained("dcgan-cats")
    for content in ("not json", '{"class": "DCGAN"}', "[]"):
        (tmp_path / "card.json").write_text(content)
        with pytest.raises(ValueError, match="card"):
            gan_keras.load_pretrained(tmp_path / "card.json")
