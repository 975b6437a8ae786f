"""Answers in the forms in which students give them, and what is said of those that do not hold."""

import collections.abc
import fractions
import numbers as kinds
import reprlib

import keras
import numpy as np


class Wrong(Exception):
    """An answer of the right kind that does not hold; the message says what about it."""


class NotAnAnswer(Exception):
    """What was handed over is of another kind; the message says how."""


def require(holds, what: str) -> None:
    """Raises `Wrong` with `what`, a sentence on the answer, unless it holds."""
    if not holds:
        raise Wrong(what)


def number(answer) -> float:
    """One number, of any common kind."""
    return float(numbers(answer, 1)[0])


def numbers(answer, count: int) -> np.ndarray:
    """`count` numbers as (count,) float64, from any nesting of tuples, arrays and tensors."""
    array = floats(answer)
    if array.size != count:
        raise NotAnAnswer(f"that is {_count(array.size)}, and not {count}.")
    return array.reshape(count)


def floats(answer) -> np.ndarray:
    """An array of finite float64 of any shape."""
    try:
        array = np.asarray(_plain(answer))
        if array.dtype.kind == "b" or array.dtype.kind not in "iuf":
            raise TypeError
        array = array.astype(np.float64)
    except (TypeError, ValueError):
        raise NotAnAnswer("that is not made of numbers.") from None
    if not np.isfinite(array).all():
        raise NotAnAnswer("there are NaN or infinite values in it.")
    return array


def _plain(answer):
    if isinstance(answer, (tuple, list)):
        return [_plain(part) for part in answer]
    if isinstance(answer, (fractions.Fraction, np.generic)) and isinstance(answer, kinds.Real):
        return float(answer)
    return keras.ops.convert_to_numpy(answer) if keras.ops.is_tensor(answer) else answer


def table(answer, columns: int = 1) -> dict[float, np.ndarray]:
    """A dict {number: `columns` numbers}, in the order of its keys; two entries at least."""
    if not isinstance(answer, collections.abc.Mapping):
        raise NotAnAnswer("that is no dict.")
    if len(answer) < 2:
        raise NotAnAnswer("a comparison needs two entries at least.")
    return dict(sorted((number(key), numbers(value, columns)) for key, value in answer.items()))


def pictures(answer, shape: tuple[int, ...]) -> np.ndarray:
    """(n, *shape) float32, n at least 1."""
    array = floats(answer).astype(np.float32)
    if array.shape[1:] != shape or not len(array):
        wanted = ", ".join(["n", *map(str, shape)])
        raise NotAnAnswer(f"its shape is {array.shape}, and not ({wanted}).")
    return array


def call(function, *arguments):
    """What a student's function returns; an error in it is a wrong answer."""
    if not callable(function):
        raise NotAnAnswer("that cannot be called.")
    try:
        return function(*arguments)
    except Exception as error:
        raise Wrong(f"when it was called, it raised {type(error).__name__}: {error}.") from error


def returned(result) -> np.ndarray:
    """What a student's function gave, as an array of finite numbers."""
    try:
        return floats(result)
    except NotAnAnswer as error:
        raise Wrong(f"the function returned {shown(result)}: {error}") from None


def close(a, b, tolerance: float = 1e-3) -> bool:
    """Whether all differences are within `tolerance`, absolute."""
    return bool(np.all(np.abs(np.asarray(a) - np.asarray(b)) <= tolerance))


def shown(answer) -> str:
    """An answer in a few words: a number as it is, an array by its shape."""
    shape = getattr(answer, "shape", None)
    if shape is not None and len(shape):
        return f"{type(answer).__name__} of shape {tuple(shape)}"
    if isinstance(answer, (float, np.floating)):
        return f"{answer:.6g}"
    return reprlib.repr(answer)


def _count(size):
    return "1 number" if size == 1 else f"{size} numbers"
