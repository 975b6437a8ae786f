from gan_keras.metrics import kernel_distance

import numpy as np
import pytest


def normal(n, d=4, shift=0.0, seed=0):
    return np.random.default_rng(seed).normal(shift, 1, (n, d))


def test_equals_the_definition_written_out():
    a, b = normal(7, seed=1), normal(7, shift=1, seed=2)

    def k(x, y):
        return (x @ y / 4 + 1) ** 3

    within = [
        np.mean([k(s[i], s[j]) for i in range(7) for j in range(7) if i != j]) for s in (a, b)
    ]
    across = np.mean([k(x, y) for x in a for y in b])
    found = kernel_distance(a, b, subsets=1, size=7)
    assert found.mean == pytest.approx(sum(within) - 2 * across, rel=1e-9)


def test_equals_the_closed_form_in_one_dimension():
    """For k(x, y) = (x y + 1)^3, E k(x, y) = E x^3 E y^3 + 3 E x^2 E y^2 + 3 E x E y + 1."""

    def moments(mean):  # of N(mean, 1)
        return np.array([1, np.sqrt(3) * mean, np.sqrt(3) * (1 + mean**2), mean**3 + 3 * mean])

    exact = np.square(moments(0.0) - moments(0.5)).sum()
    samples = normal(100_000, 1), normal(100_000, 1, 0.5, seed=1)
    found = kernel_distance(*samples)
    assert found.mean == pytest.approx(exact, rel=0.05)


def test_is_unbiased_even_for_few_samples():
    values = [
        kernel_distance(normal(20, seed=i), normal(20, seed=1000 + i), subsets=1, size=20).mean
        for i in range(600)
    ]
    standard_error = np.std(values) / np.sqrt(len(values))
    assert abs(np.mean(values)) < 3 * standard_error
    assert min(values) < 0  # so it must be allowed to be negative


def test_sd_is_that_of_one_subset():
    a, b = normal(5000), normal(5000, shift=0.2, seed=1)
    small, large = (kernel_distance(a, b, size=size) for size in (100, 1000))
    assert small.sd > 2 * large.sd > 0
    assert small.mean == pytest.approx(large.mean, abs=small.sd)


def test_subsets_of_a_small_set_differ_by_default():
    a, b = normal(300), normal(300, shift=0.2, seed=1)
    assert kernel_distance(a, b) == kernel_distance(a, b, size=150)
    assert kernel_distance(a, b).sd > 1e-4 > kernel_distance(a, b, size=300).sd


def test_repeatable_and_refuses_what_it_cannot_measure():
    a, b = normal(50), normal(60, seed=1)
    assert kernel_distance(a, b, size=20) == kernel_distance(a, b, size=20)
    assert kernel_distance(a, b, size=20, seed=1) != kernel_distance(a, b, size=20)
    with pytest.raises(ValueError, match="at least 2"):
        kernel_distance(a[:1], b)
    with pytest.raises(ValueError, match="equal d"):
        kernel_distance(a[:, :2], b)
    with pytest.raises(ValueError, match="size is 1; .* at least 2"):
        kernel_distance(a, b, size=1)
    with pytest.raises(ValueError, match="subsets is 0"):
        kernel_distance(a, b, subsets=0)
