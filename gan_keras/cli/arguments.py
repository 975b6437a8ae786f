"""Kinds of arguments that several commands take."""

import argparse


def positive(text) -> int:
    """A whole number from 1 up."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 1 up")
    return value


def minutes(text) -> float:
    """A time above 0."""
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a number of minutes above 0")
    return value


def add_command(commands, name, run, help, description, examples) -> argparse.ArgumentParser:
    """The parser of one command, which `run` carries out; `examples` end its manual."""
    command = commands.add_parser(
        name,
        help=help,
        description=description,
        epilog="\n  ".join(["examples:", *examples]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.set_defaults(command=run)
    return command
