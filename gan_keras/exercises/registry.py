"""How an exercise is declared: a decorator over its check, or one call where there is none."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Exercise:
    """What is known of an exercise beside its text in the chapter.

    Attributes:
        hint: one or two sentences that help on, and do not give the answer.
        takes: what the check wants, word for word as the chapter says it under "To check".
        test: takes the answer; returns what is said of a right one, raises `answers.Wrong` for a
            wrong one and `answers.NotAnAnswer` for what is none. None: there is no check.
        instead: where there is no check, why, and what to look for.
    """

    hint: str
    takes: str = ""
    test: Callable | None = None
    instead: str = ""


@dataclass(frozen=True)
class Verdict:
    """What `check` found: true if the answer is right."""

    right: bool

    def __bool__(self):
        return self.right

    def _ipython_display_(self):
        """Notebooks show nothing more: the sentence is printed already."""


EXERCISES: dict[tuple[int, int], Exercise] = {}


def exercise(number: str, *, takes: str, hint: str):
    """Declares the function below it the check of an exercise, such as "3.4"."""

    def declare(test):
        EXERCISES[_key(number)] = Exercise(hint, takes, test)
        return test

    return declare


def unchecked(number: str, *, hint: str, instead: str) -> None:
    """Declares an exercise that takes a person's judgement."""
    EXERCISES[_key(number)] = Exercise(hint, instead=instead)


def _key(number):
    chapter, exercise = number.split(".")
    return int(chapter), int(exercise)
