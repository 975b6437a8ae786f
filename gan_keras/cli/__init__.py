"""The command `gan-keras`: models trained and used from the command line."""

import argparse
import sys

from gan_keras.cli.data import add_data
from gan_keras.cli.draw import add_sample, add_translate, add_walk
from gan_keras.cli.evaluate import add_evaluate
from gan_keras.cli.export import add_export
from gan_keras.cli.train import add_train, run_train

INTERRUPTED = 130  # As a shell reports a program that was stopped with Ctrl-C.


def main(arguments=None) -> int:
    """Runs the command; returns 0, 1 after an error, 2 after a wrong call, 130 after Ctrl-C."""
    options = parser().parse_args(arguments)
    try:
        return options.command(options)
    except KeyboardInterrupt:
        trains = options.command is run_train
        going_on = " The same command goes on from the last backup." if trains else ""
        print(f"\nStopped.{going_on}", file=sys.stderr)
        return INTERRUPTED
    except (ValueError, OSError, FloatingPointError, ImportError) as error:
        print(f"gan-keras: {error}", file=sys.stderr)
        return 1


def parser() -> argparse.ArgumentParser:
    """Its help is the command's manual."""
    top = argparse.ArgumentParser(
        "gan-keras",
        description="Train a generative model, draw with it, measure it, take it elsewhere. Each "
        "command has its own --help.",
        epilog="It ends with 0; with 1 after an error, which is said in a sentence; with 2 if the "
        "call itself is wrong; with 130 after Ctrl-C.",
    )
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    adds = (add_train, add_sample, add_walk, add_translate, add_evaluate, add_data, add_export)
    for add in adds:
        add(commands)
    return top
