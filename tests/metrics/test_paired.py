from gan_keras import load_dataset
from gan_keras.metrics import load_extractor, pixel_errors, retrieval, translation_scores

import numpy as np
import pytest


def images(n=6, size=12, channels=3, seed=0):
    shape = (n, size, size, channels)
    return np.random.default_rng(seed).uniform(-0.5, 0.5, shape).astype("float32")


@pytest.mark.parametrize("channels", [1, 3])
def test_a_constant_shift_by_hand(channels):
    # 0 and 0.5 on [-1, 1] are 1/2 and 3/4 on [0, 1]: a squared error of 1/16. Nothing varies, so
    # SSIM is its factor of luminance, (2 m_a m_b + c) / (m_a^2 + m_b^2 + c), c = 0.01^2.
    grey = np.zeros((4, 16, 16, channels), "float32")
    found = pixel_errors(grey, grey + 0.5)
    assert found.mean_absolute == pytest.approx(0.5)
    assert found.psnr == pytest.approx(10 * np.log10(16))
    # TensorFlow takes variances as differences in float32, hence the tolerance.
    assert found.ssim == pytest.approx((0.75 + 1e-4) / (0.25 + 0.5625 + 1e-4), abs=1e-3)


def test_psnr_is_of_the_error_of_all_images_and_survives_an_exact_one():
    a = np.zeros((2, 11, 11, 1))
    b = np.stack([a[0] + 0.2, a[0]])  # Squared errors on [0, 1]: 0.01 and 0.
    found = pixel_errors(a, b, batch_size=1)
    assert found.psnr == pytest.approx(10 * np.log10(1 / 0.005), abs=1e-3)
    assert found.mean_absolute == pytest.approx(0.1)


def test_equal_and_inverted_images():
    a = images()
    same, inverted = pixel_errors(a, a), pixel_errors(a, -a)
    assert same.mean_absolute == 0 and same.psnr == np.inf
    assert same.ssim == pytest.approx(1, abs=1e-5)
    assert inverted.ssim < -0.5


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        (images(5), images(6), r"\(5, 12, 12, 3\), their targets \(6, 12, 12, 3\)"),
        (images(), images() * 255, r"must lie in \[-1, 1\]"),
        (images(), images() * np.nan, "nan"),
        (images(size=10), images(size=10), "10 x 10 pixels; SSIM looks through a window of 11"),
    ],
)
def test_images_that_cannot_be_compared(a, b, message):
    with pytest.raises(ValueError, match=message):
        pixel_errors(a, b)


def test_ranks_by_hand():
    # From 0.9 the targets 0, 1, 3, 7 lie at 0.9, 0.1, 2.1, 6.1: the own one, 0, is second; from 4
    # they lie at 4, 3, 1, 3: the own one, 1, shares the second place with 7, which makes 2.5.
    found = retrieval([[0.9], [4.0], [3.1], [7.0]], [[0.0], [1.0], [3.0], [7.0]])
    assert found == (0.5, 1, 1.5)


def test_own_partners_are_found_and_others_are_not():
    targets = images(20)
    noisy = targets + np.random.default_rng(1).normal(0, 0.01, targets.shape)
    assert retrieval(noisy, targets) == (1, 1, 1)
    rolled = retrieval(np.roll(noisy, 1, axis=0), targets)
    assert rolled.top1 == 0 and rolled.median_rank > 5


def test_one_picture_for_all_scores_as_chance_does():
    targets = np.random.default_rng(0).normal(size=(101, 3))
    same = np.zeros((101, 3))
    assert retrieval(same, targets) == pytest.approx((1 / 101, 5 / 101, 51))
    # Of distances that are equal, those in the last row may differ in the last bit.
    equal = np.repeat(np.random.default_rng(2).normal(size=(1, 64)), 7, axis=0)
    assert retrieval(np.random.default_rng(8).normal(size=(7, 64)), equal) == (0, 1, 4)
    assert retrieval(targets, same) == (0, 0, 51)  # all targets equal: every one is a tie


def test_more_images_than_one_chunk_of_distances():
    targets = np.random.default_rng(0).normal(size=(5000, 2))
    assert retrieval(targets, targets) == (1, 1, 1)


def test_over_the_features_of_an_extractor():
    extractor = load_extractor("emoji")
    targets = images(8, size=64)
    features = [extractor(x)[0] for x in (targets * 0.999, targets)]
    assert retrieval(*features).top5 > 5 / 8


def test_all_scores_are_those_of_their_measures():
    extractor = load_extractor("emoji")
    targets = load_dataset("emoji", "test", batch_size=150, shuffle=False)
    targets = next(targets.as_numpy_iterator())
    translated = np.roll(targets, 1, axis=0)
    scores = translation_scores(translated, targets, extractor)
    assert scores[:3] == pixel_errors(translated, targets)
    assert scores.frechet == pytest.approx(0, abs=1e-3)  # the same pictures, dealt out wrongly
    assert scores.top5 < 0.3
    assert translation_scores(targets, targets, extractor).top1 > 0.95


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        (np.zeros((3, 2)), np.zeros((4, 2)), "3 translated images and 4 targets"),
        (np.zeros((3, 2)), np.zeros((3, 5)), "equal d"),
        (np.zeros((1, 2)), np.zeros((1, 2)), "at least 2"),
        (np.zeros((3, 2)), np.full((3, 2), np.nan), "NaN"),
    ],
)
def test_sets_without_partners(a, b, message):
    with pytest.raises(ValueError, match=message):
        retrieval(a, b)
