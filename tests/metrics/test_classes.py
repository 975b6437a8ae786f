from gan_keras.metrics import conditional_accuracy, inception_score, modes

import numpy as np
import pytest


def test_modes_counts_classes_and_their_entropy():
    even = np.eye(10)[np.arange(1000) % 10]
    assert modes(even) == (10, pytest.approx(np.log(10)))
    assert modes(np.eye(10)[np.zeros(50, int)]) == (1, 0)
    half = modes(np.eye(10)[np.arange(1000) % 5])
    assert half == (5, pytest.approx(np.log(5)))


def test_a_stray_image_is_no_mode():
    labels = np.zeros(1000, int)
    labels[:9] = 3  # less than a tenth of an even share
    assert modes(np.eye(10)[labels]).found == 1
    labels[:10] = 3
    assert modes(np.eye(10)[labels]).found == 2
    assert modes(np.eye(10)[labels], at_least=0.5).found == 1


def test_conditional_accuracy():
    probabilities = np.array([[0.6, 0.4], [0.1, 0.9], [0.8, 0.2], [0.7, 0.3]])
    assert conditional_accuracy(probabilities, [0, 1, 1, 0]) == 0.75
    with pytest.raises(ValueError, match="one for each image"):
        conditional_accuracy(probabilities, [0, 1])


def test_inception_score_between_one_and_the_number_of_classes():
    assert inception_score(np.eye(10)[np.arange(100) % 10]) == pytest.approx(10)
    assert inception_score(np.full((100, 10), 0.1)) == pytest.approx(1)
    assert inception_score(np.eye(10)[np.zeros(100, int)]) == pytest.approx(1)


@pytest.mark.parametrize("bad", [np.ones((4, 3)), np.ones(4), np.ones((0, 3)), [[3.0, -1.0]] * 2])
def test_what_are_no_probabilities(bad):
    with pytest.raises(ValueError, match="rows that sum to 1"):
        modes(np.asarray(bad))
