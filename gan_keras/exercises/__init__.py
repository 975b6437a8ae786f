"""The chapters' exercises: a hint for each, and a check for those that a program can check."""

import importlib
import re
from pathlib import Path

from gan_keras.exercises.answers import NotAnAnswer, Wrong, shown
from gan_keras.exercises.registry import EXERCISES, Exercise, Verdict

__all__ = ["check"]

_NOTHING = object()


def check(exercise: str, answer=_NOTHING) -> Verdict | None:
    """Prints in a sentence whether `answer` is right, or, without an answer, a hint.

    `check("3.4")` prints the hint for exercise 4 of chapter 3, and what its check takes; with an
    answer it says whether that is right or what about it does not hold. Some exercises have no
    check, because they ask for a proof or a report: what is said instead is what to look for.

    Args:
        exercise: "CHAPTER.EXERCISE", the number in the list that ends a chapter. Sections are
            numbered alike: "3.4" is the fourth exercise of chapter 3, not section 3.4.
        answer: what the exercise says under "To check". Numbers may be whole numbers, floats,
            fractions, NumPy's or TensorFlow's. Functions and models are called.

    Returns:
        A `Verdict`, true if the answer is right: `assert check("3.4", answer)`. None where nothing
        was checked.

    Raises:
        ValueError: if there is no such exercise.
        TypeError: if the answer is not of the kind that the exercise asks for.
    """
    found = find(exercise)
    if found.test is None:
        print(f"Exercise {exercise} has no check. {found.instead} Hint: {found.hint}")
        return None
    if answer is _NOTHING:
        print(f"Hint for exercise {exercise}: {found.hint} To check: {found.takes}")
        return None
    try:
        sentence = found.test(answer)
    except NotAnAnswer as error:
        raise TypeError(
            f"The check of exercise {exercise} takes {found.takes} Given: {shown(answer)}; {error}"
        ) from None
    except Wrong as wrong:
        print(f"Not yet: {wrong} Hint: {found.hint}")
        return Verdict(False)
    print(f"Right. {sentence}")
    return Verdict(True)


def find(exercise: str) -> Exercise:
    """The exercise of a number such as "3.4".

    Raises:
        ValueError: if there is none.
    """
    parts = re.fullmatch(r"0?(\d+)\.(\d+)", exercise) if isinstance(exercise, str) else None
    if parts is None:
        raise ValueError(
            f'The exercise is {exercise!r}; write chapter and exercise as text: check("3.4").'
        )
    chapter, number = map(int, parts.groups())
    if chapter not in chapters():
        known = ", ".join(map(str, chapters()))
        raise ValueError(f"There are no exercises of a chapter {chapter}; chapters are {known}.")
    # Only now, so that `import gan_keras` does not load what few readers of it need.
    importlib.import_module(f"gan_keras.exercises.chapter_{chapter}")
    if (chapter, number) not in EXERCISES:
        last = max(n for c, n in EXERCISES if c == chapter)
        raise ValueError(
            f"There is no exercise {exercise}; those of chapter {chapter} are {chapter}.1 to "
            f"{chapter}.{last}."
        )
    return EXERCISES[chapter, number]


def chapters() -> list[int]:
    """The numbers of the chapters that have exercises."""
    files = Path(__file__).parent.glob("chapter_*.py")
    return sorted(int(path.stem.partition("_")[2]) for path in files)
