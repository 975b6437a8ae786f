"""Every exercise has minutes and a hint; its check takes right answers and refuses others."""

import json
import re
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import gan_keras
from gan_keras import check, latent, toys
from gan_keras.exercises import chapters, find
from gan_keras.exercises.registry import EXERCISES
from gan_keras.models import dcgan

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

ROOT = Path(__file__).parents[1]
CHAPTERS = sorted((ROOT / "chapters/text").glob("*.md"))
LABEL = re.compile(
    r"\*\*\((?P<kind>Think|Code|A bug|Open), (?P<minutes>\d+) minutes"
    r"(, computing (?P<computing>\d+))?\)\*\* "
)


def listed(path):
    """{number: text} of the exercises that end a chapter."""
    section = path.read_text().partition("\n## Exercises\n")[2].partition("\n## References\n")[0]
    items = re.split(r"^(?=\d+\. )", section, flags=re.M)[1:]
    return {int(item.partition(".")[0]): item for item in items}


TEXTS = {(int(path.name[:2]), n): text for path in CHAPTERS for n, text in listed(path).items()}
NUMBERS = [f"{chapter}.{n}" for chapter, n in TEXTS]
LABELS = {key: LABEL.search(text.partition("\n")[0]) for key, text in TEXTS.items()}


def key(number):
    return tuple(map(int, number.split(".")))


def test_exercises_of_the_texts_are_those_that_are_declared():
    assert len(NUMBERS) > 40
    for chapter in chapters():
        find(f"{chapter}.1")
    assert set(EXERCISES) == set(TEXTS)


@pytest.mark.parametrize("number", NUMBERS)
def test_an_exercise_has_minutes_a_hint_and_a_check_or_a_reason_for_none(number, capsys):
    text, label, found = TEXTS[key(number)], LABELS[key(number)], find(number)
    assert label and 5 <= int(label["minutes"]) <= 120
    assert len(found.hint) > 40
    assert (found.test is None) == bool(found.instead) == ("*To check:*" not in text)
    if found.test:
        assert text.rstrip().endswith(f"*To check:* {found.takes}")
    if label["kind"] == "Open":
        assert "report" in found.instead
    assert check(number) is None
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1 and found.hint in printed
    assert (found.takes or found.instead) in printed


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_minutes_of_computing_are_those_of_the_solution(path):
    chapter, number, seconds = int(path.name[:2]), 0, {}
    notebook = ROOT / f"chapters/solutions/{path.stem}.ipynb"
    for cell in json.loads(notebook.read_text())["cells"]:
        if heading := re.search(r"^## (\d+)\. ", "".join(cell["source"]), re.M):
            number = int(heading[1])
        seconds[number] = seconds.get(number, 0) + cell["metadata"].get("seconds", 0)
    for n in listed(path):
        said = int(LABELS[chapter, n]["computing"] or 0)
        assert said == (round(seconds[n] / 60) if seconds[n] >= 60 else 0), f"{chapter}.{n}"


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_says_how_to_call_the_check(path):
    first = f"{int(path.name[:2])}.1"
    assert (
        f'`gan_keras.check("{first}")` gives a hint for exercise 1 of this list' in path.read_text()
    )


def test_the_teachers_page_has_the_minutes_of_the_texts():
    page = (ROOT / "book/teaching.md").read_text()
    for chapter in chapters():
        labels = {n: label for (c, n), label in LABELS.items() if c == chapter}
        kinds = [
            str(sum(int(x["minutes"]) for x in labels.values() if x["kind"] == kind))
            for kind in ("Think", "A bug", "Code", "Open")
        ]
        computing = str(sum(int(x["computing"] or 0) for x in labels.values()))
        checked = sum(find(f"{chapter}.{n}").test is not None for n in labels)
        row = f"| {chapter} | {' | '.join([*kinds, computing])} | {checked} of {len(labels)} |"
        assert row in page


# Answers to the checked exercises: what is handed over, or what makes it.


def bayes(model, x):
    log_joint = model.log_joint(x)
    joint = np.exp(log_joint - log_joint.max(axis=1, keepdims=True))
    return joint / joint.sum(axis=1, keepdims=True)


def overflowing(model, x):
    joint = np.exp(model.log_joint(x))
    return joint / joint.sum(axis=1, keepdims=True)


def smoothed(real_logits, fake_logits):
    usual = gan_keras.losses.minimax_d(real_logits, fake_logits)
    return usual + 0.1 * tf.reduce_mean(real_logits)


def smoothed_twice(real_logits, fake_logits):
    return smoothed(real_logits, fake_logits) - 0.1 * tf.reduce_mean(fake_logits)


class Points:
    """Draws from the ring of so many modes, as a GAN does that has learned it."""

    def __init__(self, modes):
        self.ring = toys.ring(8)
        self.ring.means[modes:] = self.ring.means[0]

    def generate(self, n, seed):
        return self.ring.sample(n, seed)


def codes(n=4, steps=150):
    """Latent vectors whose digits come near to the first test digits."""
    generator = gan_keras.load_pretrained("gan-mnist").generator
    data = gan_keras.load_dataset("mnist", "test", shuffle=False, limit=n, batch_size=n)
    wanted = tf.repeat(next(iter(data)), 4, axis=0)
    z = tf.Variable(latent.normal(len(wanted), generator.input_shape[1], seed=0))
    optimizer = keras.optimizers.Adam(0.1)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            error = tf.reduce_mean((generator(z, training=False) - wanted) ** 2, axis=(1, 2, 3))
        optimizer.apply_gradients([(tape.gradient(error, z), z)])
        return error

    for _ in range(steps):
        error = step()
    best = error.numpy().reshape(n, 4).argmin(axis=1) + 4 * np.arange(n)
    return z.numpy()[best]


def resizing(width=None, activation="tanh", latent_dim=None, transposed=False):
    recipe = dcgan.choose_recipe("fast")
    width = width or recipe["generator"]["width"]
    x = z = keras.Input((latent_dim or recipe["latent_dim"],))
    x = layers.Reshape((7, 7, 2 * width))(layers.Dense(7 * 7 * 2 * width, use_bias=False)(x))
    for filters in (width, 1):
        x = layers.ReLU()(layers.BatchNormalization()(x))
        if transposed:
            x = layers.Conv2DTranspose(filters, 4, strides=2, padding="same")(x)
        else:
            x = layers.Conv2D(filters, 3, padding="same")(layers.UpSampling2D(2)(x))
    return keras.Model(z, layers.Activation(activation)(x))


def sleeves(n, turn=1):
    gan = gan_keras.load_pretrained("dcgan-fashion_mnist")
    extractor = gan_keras.metrics.load_extractor("fashion_mnist")
    z = latent.normal(2000, gan.latent_dim, seed=0)
    _, p = extractor(gan.predict(z, verbose=0, batch_size=250))
    z = z[np.argsort(p[:, 2] - p[:, 0])]
    return turn * (z[-n:].mean(axis=0) - z[:n].mean(axis=0))


def server(training):
    gan = gan_keras.load_pretrained("dcgan-fashion_mnist")

    def draw(n, seed):
        return gan.generator(latent.normal(n, gan.latent_dim, seed), training=training)

    return draw


def same_picture(n, seed):
    return np.repeat(server(False)(1, seed), n, axis=0)


def ordered_by_ink(order):
    digits = gan_keras.load_dataset("mnist", "test", limit=600, batch_size=600)
    x = next(digits.as_numpy_iterator())
    thirds = np.split(x[np.argsort(x.mean(axis=(1, 2, 3)))], 3)
    return np.stack([thirds[i] for i in order])


def digits(seed, labels=True):
    data = gan_keras.load_dataset("mnist", batch_size=64, limit=512, labels=True, seed=seed)
    return data if labels else data.map(lambda x, y: x)


def zipped():
    labels = digits(1).map(lambda x, y: y)
    return tf.data.Dataset.zip(digits(0, labels=False), labels)


def apart(a, b):
    return tf.image.random_flip_left_right(a), tf.image.random_flip_left_right(b)


def together(a, b):
    both = tf.image.random_flip_left_right(tf.concat([a, b], axis=-1))
    return both[..., :1], both[..., 1:]


COLOURS = [
    [(1, -1, -1), (0.6, -0.4, -0.6), (1, -1, -1)],
    [(1, 1, -1), (0.4, 0.2, -1), (1, -1, -1)],
]
WEIGHTS = (1568, 32832, 131200, 524544, 4097)

# number: (right answers, [(wrong answer, words of what is said of it)], what is no answer).
ANSWERS = {
    "1.1": (["p(x)", "P( x )"], [("p(y)", "one number for all images")], "x"),
    "1.2": ([(0, 1, 0), (0.001, 1.001, 0.001)], [((0, 1, 0.775), "correlation")], (0, 1)),
    "1.3": ([(0.642, 0.688)], [((0.70, 0.65), "not ahead"), ((64.2, 68.8), "no share")], 0.6),
    "1.4": (
        [lambda joint, old, new: (joint - np.log(old) + np.log(new)).argmax(axis=1)],
        [
            (lambda joint, old, new: (joint + np.log(new)).argmax(axis=1), "still in it"),
            (lambda joint, old, new: joint.argmax(axis=1), "not the likeliest"),
            (lambda joint: joint, "raised TypeError"),
        ],
        3,
    ),
    "1.5": ([30, 100], [(1000, "fewer than half"), (1, "more than half")], "slowly"),
    "1.6": ([bayes], [(overflowing, "no numbers")], None),
    "1.7": (
        [{4.0: 0.02, 1.0: 15.1}, {4: 0.02, 2: np.float32(4.9), 0.4: 35}],
        [({4.0: 0.02, 2.0: 0.01}, "recover"), ({4.0: 12.0, 1.0: 15.0}, "does not stay")],
        0.02,
    ),
    "2.1": (
        [lambda p, q: 3 * p / (3 * p + q)],
        [
            (lambda p, q: p / (p + q), "as many real"),
            (lambda p, q: 0.75 + 0 * p, "not where they differ"),
        ],
        0.75,
    ),
    "2.2": (["cd", ("(d)", "(c)"), "c, d"], [("ab", "far apart")], "c and d"),
    "2.3": (
        [smoothed],
        [(gan_keras.losses.minimax_d, "nothing is smoothed"), (smoothed_twice, "as well")],
        0.9,
    ),
    "2.4": ([Points(8)], [(Points(4), "4 of the 8 modes")], "minimax"),
    "2.5": ([codes], [(latent.normal(4, 64, seed=0), "mean squared error")], np.zeros((2, 3))),
    "2.6": (
        [1.006, np.float32(1.00641)],
        [(1.0, "three decimals"), (0, "without the mistake"), (1.386, "know nothing")],
        "a sigmoid",
    ),
    "2.7": ([{1: 7, 2: 8, 16: 8}], [({1: 7, 2: 2, 16: 8}, "fewer")], {1: 7, 2: 8}),
    "3.1": (
        [(*WEIGHTS, 46), np.array([*WEIGHTS, 46])],
        [
            ((1536, *WEIGHTS[1:], 46), "leaves out biases"),
            ((*WEIGHTS[:4], 4096, 46), "logit's layer leaves out biases"),
            ((*WEIGHTS, 22), "22 pixels"),
        ],
        WEIGHTS,
    ),
    "3.3": (
        [resizing],
        [
            (lambda: resizing(transposed=True), "transposed"),
            (lambda: resizing(width=8), "[8, 1] filters"),
            (lambda: resizing(latent_dim=7), "z has"),
            (lambda: resizing(activation="linear"), "draws values up to"),
        ],
        "generator",
    ),
    "3.4": (
        [(215.9, 208.5, 78.1, 171.1)],
        [((215.9, 400, 78.1, 171.1), "back in order"), ((215.9, 208.5, 78.1, 80), "DCGAN's")],
        (1, 2),
    ),
    "3.6": (
        [lambda: sleeves(30)],
        [
            (lambda: sleeves(30, turn=-1), "sign is turned"),
            (lambda: 2 * latent.normal(1, 64, seed=5)[0], "chance"),
        ],
        [1, 2, 3],
    ),
    "3.7": (
        [lambda: server(False)],
        [
            (lambda: server(True), "another first picture"),
            (lambda: same_picture, "are the same"),
            (lambda: lambda n, seed: server(False)(n, 0), "another seed"),
        ],
        "training=True",
    ),
    "4.1": (
        [(0.6, Fraction(1, 3)), tf.constant([0.6, 0.3333])],
        [((1 / 3, 0.6), "other order"), ((0.75, 0.25), "for a seven")],
        0.6,
    ),
    "4.2": (
        [(0, 1, 2), [0, 1, 2, 3]],
        [((1,), "off by"), ((1, 2), "off by")],
        "squares",
    ),
    "4.3": (
        [lambda: ordered_by_ink((0, 1, 2))],
        [(lambda: ordered_by_ink((0, 2, 1)), "% thin")],
        np.zeros((3, 28, 28, 1)),
    ),
    "4.4": ([(0.5, 0.55)], [((0.55, 0.9), "from 1 to 7")], (0.5,)),
    "4.5": ([lambda: digits(0)], [(zipped, "fit their images")], np.zeros(3)),
    "4.6": ([0.825, 82.5, Fraction(33, 40)], [(0.8, "as wrong"), (0.2, "share")], "most"),
    "5.1": (
        [COLOURS, np.reshape(COLOURS, (6, 3))],
        [(COLOURS[::-1], "first case, by the absolute error")],
        "yellow",
    ),
    "5.2": ([(64, 9)], [((8, 3), "rows of logits"), ((64, 16), "(0, 0)")], 64),
    "5.3": (
        [{1: 0.1334, 10: 0.1264, 100: 0.1192, 1000: 0.1123}],
        [({1: 0.11, 1000: 0.13}, "does not rise")],
        [0.13, 0.11],
    ),
    "5.4": (
        [(0.1192, 0.0723)],
        [((0.0723, 0.1192), "helps more"), ((0.12, 0.01), "leaking")],
        0.07,
    ),
    "5.5": (
        [together],
        [
            (apart, "one side mirrored"),
            (lambda a, b: (a, b), "no pair is mirrored"),
            (lambda a, b: (a[:, :, ::-1], b[:, :, ::-1]), "every pair"),
            (lambda a, b: (a * 0, b * 0), "neither as they were"),
            (lambda a, b: b, "a pair"),
        ],
        "flip",
    ),
    "6.1": ([(Fraction(1, 2), 24)], [((0.5, 12), "12 pairs"), ((0, 24), "cycle loss")], 0.5),
    "6.2": (
        [(0.45, 0.2025, 0.15125)],
        [((0.5, 0.2025, 0.15), "best D"), ((0.45, 0.405, 0.15125), "twice")],
        0.45,
    ),
    "6.3": (
        [{0: (3, 0, 0, 3), 0.1: (3, 1, 0, 0), 10: [0, 1, 2, 3]}],
        [
            ({0: (3, 0, 0, 3), 10: (0, 1, 1, 3)}, "same one"),
            ({0: (3, 1, 0, 2), 10: (0, 1, 2, 3)}, "without the cycle loss"),
        ],
        {0: 1, 10: 2},
    ),
    "6.4": ([(100, 2000), (99.2, 2000)], [((50, 1000), "every image"), ((100, 3000), "1000")], 100),
    "6.5": ([25_000], [(250, "one epoch"), (100, "whole training")], "len(data)"),
    "6.6": ([(0.69, 1.07)], [((0.69, 0.7), "still comes through"), ((1.2, 1.5), "grey")], "less"),
}  # fmt: skip
MAKERS = ("2.5", "3.3", "3.6", "3.7", "4.3", "4.5")  # Answers that functions make.


def made(number, answer):
    return answer() if number in MAKERS and callable(answer) else answer


def test_every_check_is_tested():
    assert set(ANSWERS) == {number for number in NUMBERS if find(number).test}


@pytest.mark.parametrize("number", ANSWERS)
def test_a_right_answer_passes(number, capsys):
    for answer in ANSWERS[number][0]:
        verdict = check(number, made(number, answer))
        printed = capsys.readouterr().out
        assert verdict and printed.startswith("Right. ") and printed.count("\n") == 1, printed


@pytest.mark.parametrize("number", ANSWERS)
def test_a_wrong_answer_is_told_what_does_not_hold(number, capsys):
    for answer, words in ANSWERS[number][1]:
        verdict = check(number, made(number, answer))
        printed = capsys.readouterr().out
        assert verdict is not None and not verdict
        assert printed.startswith("Not yet: ") and printed.count("\n") == 1
        said, _, hint = printed.partition(" Hint: ")
        assert words in said and hint.strip() == find(number).hint


@pytest.mark.parametrize("number", ANSWERS)
def test_what_is_no_answer_is_told_what_is_needed(number, capsys):
    for answer in (ANSWERS[number][2], object(), None):
        with pytest.raises(TypeError) as raised:
            check(number, answer)
        message = str(raised.value)
        assert message.startswith(f"The check of exercise {number} takes {find(number).takes}")
        assert "Given: " in message and "\n" not in message
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "number, words",
    [("9.1", "chapters are 1, 2"), ("3.9", "3.1 to 3.8"), (3.4, 'check("3.4")'), ("x", "text")],
)
def test_an_exercise_that_there_is_not_is_told_so(number, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        check(number, 1)


def test_an_exercise_without_a_check_says_so(capsys):
    assert check("2.8", "some report") is None
    assert "has no check. A good report gives" in capsys.readouterr().out


def test_a_notebook_shows_one_line_alone():
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    shell = InteractiveShell.instance()
    try:
        with capture_output() as shown:
            shell.run_cell("import gan_keras\ngan_keras.check('2.6', 1.006)")
    finally:
        InteractiveShell.clear_instance()
    assert shown.stdout.count("\n") == 1 and shown.outputs == []


def test_import_gan_keras_does_not_load_the_exercises():
    code = "import sys, gan_keras; print([m for m in sys.modules if 'exercises.chapter' in m])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
