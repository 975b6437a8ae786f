"""The programs with a bug show it, and the repaired ones do not."""

import difflib
import importlib.util
from pathlib import Path

import keras
import numpy as np
import pytest

BUGS = Path(__file__).parents[1] / "chapters/bugs"
PROGRAMS = sorted(path.name for path in BUGS.glob("*.py"))


def run(path, *arguments):
    spec = importlib.util.spec_from_file_location(f"bug_{path.parent.name}_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main(*arguments)


def both(name, *arguments):
    return run(BUGS / name, *arguments), run(BUGS / "answers" / name, *arguments)


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_program_has_an_answer_that_changes_little(name):
    broken, repaired = ((BUGS / part / name).read_text().splitlines() for part in ("", "answers"))
    changed = [line for line in difflib.ndiff(broken, repaired) if line[0] in "+-"]
    assert 2 <= len(changed) <= (40 if name == "5_frozen.py" else 16)
    for readme in (BUGS / "README.md", BUGS / "answers/README.md"):
        assert name in readme.read_text() or f"## {name[0]}. " in readme.read_text()


def test_planes():
    broken, repaired = both("1_planes.py", 300)
    assert broken > 0.3 and repaired < 0.15


def test_training():
    (broken, still, few), (repaired, moved, all_modes) = both("2_training.py")
    assert broken == still == 0
    assert repaired > 0.02 and moved > 0.001
    assert few < all_modes


def test_penalty():
    (broken, steep), (repaired, right) = both("3_penalty.py", 400)
    assert 0.28 < broken < 0.4 and repaired > 0.99
    assert abs(right - 4.8) < 0.5 and steep > right + 0.5


def test_sigmoid():
    broken, repaired = both("4_sigmoid.py", 300)
    assert broken > 1.0 and repaired < 0.05


@pytest.mark.filterwarnings("ignore:.*does not represent logits")
def test_keras_own_loss_sees_the_sigmoid_as_the_answer_says():
    points = np.repeat([[5.0, 5.0], [-5.0, -5.0]], 50, axis=0)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
    with pytest.warns(UserWarning, match="Sigmoid activation"):
        model.fit(points, np.repeat([1.0, 0.0], 50), epochs=1, verbose=0)
    model.set_weights([np.ones((2, 1)), np.zeros(1)])
    assert model.evaluate(points, np.repeat([1.0, 0.0], 50), verbose=0) < 0.001


@pytest.mark.filterwarnings("ignore:The model does not have any trainable weights")
def test_frozen():
    (still, far), (moved, near) = both("5_frozen.py", 300)
    assert still == 0 and moved > 0.05
    assert near < far / 3


def test_last_batch():
    broken, repaired = both("6_last_batch.py", 4)
    assert broken > 0.005 and repaired < 1e-4


def test_latent():
    (seen, fresh), (_, repaired) = both("7_latent.py")
    assert seen > fresh + 0.4 and repaired > fresh + 0.2
    assert np.isfinite([seen, fresh, repaired]).all()
