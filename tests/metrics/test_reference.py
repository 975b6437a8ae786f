"""Extractors and references: fixed networks, real images, all measures together."""

import json

import gan_keras
from gan_keras import metrics
from gan_keras.metrics import extractors

import keras
import numpy as np
import pytest

NAMES = ("mnist", "fashion_mnist", "emoji")
CARDS = json.loads((extractors.WEIGHTS / "extractors.json").read_text())


def real(name, split="test", limit=300):
    return metrics.reference._arrays(name, split, limit)


@pytest.mark.parametrize("name", NAMES)
def test_extractor_classifies_unseen_images_as_its_card_says(name):
    extractor, card = metrics.load_extractor(name), CARDS[name]
    images, labels = real(name, limit=1000)
    features, probabilities = extractor(images)
    assert features.shape == (len(images), 64) and features.dtype == np.float32
    accuracy = metrics.conditional_accuracy(probabilities, labels)
    spread = np.sqrt(card["test_accuracy"] * (1 - card["test_accuracy"]) / len(images))
    assert accuracy == pytest.approx(card["test_accuracy"], abs=4 * spread + 0.01)
    assert (extractors.WEIGHTS / f"{name}.weights.h5").stat().st_size < 1e6
    assert card["parameters"] == extractor.network.count_params()


def test_images_are_rounded_to_stored_levels_first():
    extractor = metrics.load_extractor("mnist")
    images, _ = real("mnist", limit=20)
    between = images + 0.3 / 127.5 * np.sign(-images + 1e-9)
    np.testing.assert_array_equal(extractor(between)[0], extractor(images)[0])


def test_other_sizes_and_grey_are_made_to_fit():
    extractor = metrics.load_extractor("emoji")
    grey = np.random.default_rng(0).uniform(-1, 1, (3, 32, 32, 1)).astype("float32")
    features, probabilities = extractor(grey)
    assert features.shape == (3, 64)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(features, extractor(np.repeat(grey, 3, axis=-1))[0], rtol=1e-5)


@pytest.mark.parametrize(
    "images, message",
    [
        (np.zeros((3, 28, 28)), r"must be \(n, height, width"),
        (np.zeros((0, 28, 28, 1)), "n > 0"),
        (np.full((3, 28, 28, 1), 2.0), r"span \[2, 2\]"),
        (np.full((3, 28, 28, 1), np.nan), "NaN"),
        (np.zeros((3, 28, 28, 3)), "channels=1"),
    ],
)
def test_images_that_cannot_be_measured(images, message):
    with pytest.raises(ValueError, match=message):
        metrics.load_extractor("mnist")(images)


def test_unknown_and_foreign_weights_are_refused(monkeypatch, tmp_path):
    with pytest.raises(ValueError, match="no extractor 'cifar10' in .*Choose one of"):
        metrics.load_extractor("cifar10")
    (tmp_path / "extractors.json").write_text(json.dumps(CARDS))
    other = (extractors.WEIGHTS / "fashion_mnist.weights.h5").read_bytes()
    (tmp_path / "mnist.weights.h5").write_bytes(other)
    monkeypatch.setattr(extractors, "WEIGHTS", tmp_path)
    with pytest.raises(ValueError, match="not the file that belongs to version"):
        metrics.load_extractor.__wrapped__("mnist")


def test_inception_without_a_network_says_what_to_do(monkeypatch):
    def unreachable(**kwargs):
        raise OSError("no route to host")

    monkeypatch.setattr(keras.applications, "InceptionV3", unreachable)
    with pytest.raises(ConnectionError, match="no route to host.*their own extractors"):
        metrics.load_extractor.__wrapped__("inception")


def test_inception_gives_pooled_features_and_probabilities(monkeypatch):
    build = keras.applications.InceptionV3

    def untrained(weights, **kwargs):
        assert weights == "imagenet"
        return build(weights=None, **kwargs)

    monkeypatch.setattr(keras.applications, "InceptionV3", untrained)
    extractor = metrics.load_extractor.__wrapped__("inception")
    images = np.random.default_rng(0).uniform(-1, 1, (2, 64, 64, 3))
    features, probabilities = extractor(images)
    assert features.shape == (2, 2048) and probabilities.shape == (2, 1000)


@pytest.fixture(scope="module")
def reference():
    return metrics.load_reference("mnist", limit=400)


def test_real_images_are_nearer_than_damaged_ones(reference):
    images, labels = real("mnist", "train[50000:]", 400)
    good = reference.measure(images, labels)
    noise = np.random.default_rng(0).normal(0, 0.5, images.shape)
    bad = reference.measure(np.clip(images + noise, -1, 1))
    assert good.frechet < bad.frechet and good.kernel < bad.kernel
    assert good.precision > bad.precision and good.coverage > bad.coverage
    assert good.modes == 10 and good.accuracy > 0.9 and bad.accuracy is None
    ones = reference.measure(images[labels == 1].repeat(4, axis=0))
    assert ones.modes == 1 and ones.recall < good.recall


def test_a_report_names_n_extractor_and_what_real_images_score(reference):
    images, labels = (x[::2] for x in real("mnist", "train[50000:]", 400))
    scores = reference.measure(images, labels)
    text = str(scores)
    assert "200 images against 400 real ones of mnist" in text
    assert "mnist extractor, version" in text and "64 features" in text
    assert "measured" in text and "real" in text and "accuracy" in text
    assert scores.real.n == 200 and scores.real.real is None
    assert scores.frechet == pytest.approx(scores.real.frechet)  # the same 200 images
    assert json.loads(json.dumps(scores.as_dict()))["real"]["n"] == 200
    assert reference.frechet(images) == pytest.approx(scores.frechet)


def test_too_few_images_and_unknown_names(reference):
    with pytest.raises(ValueError, match="64 samples are too few for 64 features"):
        reference.measure(real("mnist", limit=64)[0])
    with pytest.raises(ValueError, match="no reference 'cifar10'.*Reference"):
        metrics.load_reference("cifar10")


def test_a_reference_of_ones_own():
    extractor = metrics.load_extractor("mnist")
    images, _ = real("mnist", limit=200)
    own = metrics.Reference(images, extractor)
    scores = own.measure(images)
    assert scores.frechet == pytest.approx(0, abs=1e-6) and scores.real is None
    assert "measured" not in str(scores)


def test_fewer_real_images_are_of_all_parts():
    """From a folder they come class by class."""
    extractor = metrics.load_extractor("mnist")
    images, labels = real("mnist", "train[50000:]", 800)
    by_class = np.argsort(labels, kind="stable")
    own = metrics.Reference(
        real("mnist", limit=400)[0], extractor, real=(images[by_class], labels[by_class])
    )
    scores = own.real_scores(200)
    assert scores.n == 200 and scores.modes == 10 and scores.accuracy > 0.9
    whole = own.real_scores(800)
    assert scores.frechet < 3 * whole.frechet


def test_what_measures_is_of_float32_whatever_is_trained():
    images, _ = real("mnist", limit=100)
    expected, _ = metrics.load_extractor("mnist")(images)
    keras.config.set_dtype_policy("mixed_bfloat16")
    metrics.load_extractor.cache_clear()
    features, _ = metrics.load_extractor("mnist")(images)
    assert features.dtype == np.float32
    np.testing.assert_allclose(features, expected, atol=1e-5)
    assert keras.config.dtype_policy().name == "mixed_bfloat16"


def test_evaluate_measures_on_the_epochs_it_should(reference):
    model = gan_keras.DCGAN(width=2, seed=0)
    model.compile()
    images = real("mnist", limit=64)[0]
    evaluate = gan_keras.callbacks.Evaluate(reference, n=100, every=2, seed=5)
    history = model.fit(images, epochs=4, verbose=0, callbacks=[evaluate]).history
    assert np.isnan(history["frechet"]).tolist() == [True, False, True, False]
    assert [epoch for epoch, _ in evaluate.scores] == [2, 4]
    again = reference.frechet(model.generate(100, seed=5))
    assert history["frechet"][-1] == pytest.approx(again, rel=1e-4)
    assert evaluate.seconds > 0


def test_evaluate_of_a_conditional_model_reaches_tensorboard(reference, tmp_path):
    model = gan_keras.CGAN(width=2, seed=0)
    model.compile()
    images, labels = real("mnist", limit=64)
    orders = np.arange(100) % 10
    evaluate = gan_keras.callbacks.Evaluate(reference, n=100, full=True, labels=orders)
    board = keras.callbacks.TensorBoard(tmp_path, write_graph=False)
    history = model.fit(images, labels, verbose=0, callbacks=[evaluate, board]).history
    scores = evaluate.scores[0][1]
    for name in ("frechet", "kernel", "precision", "recall", "density", "coverage", "accuracy"):
        assert history[name] == [pytest.approx(getattr(scores, name), abs=1e-4)]
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("events*"))
    assert b"epoch_frechet" in written and b"epoch_accuracy" in written
