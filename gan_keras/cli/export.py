"""`gan-keras export`: a model or a chapter as a file that needs no gan-keras."""

from pathlib import Path

from gan_keras.cli.arguments import add_command
from gan_keras.cli.train import MODELS
from gan_keras.export import models, notebooks

DESCRIPTION = """\
Writes a model of the package as one Python file that needs keras, tensorflow and numpy alone: the
model's own module and what it uses of the others, docstrings kept, licence and citation on top.
What its models save gan-keras loads, and the other way round.

Or writes a chapter as a notebook that brings along what it uses of the package, and so runs where
nothing of that is installed, on Colab for one. The chapters are in a clone of the repository, not
in the installed package. MNIST and Fashion-MNIST are not brought along: tensorflow-datasets
downloads them, unless the folder that the variable TFDS_DATA_DIR names has them.

A file that is there already is written over."""


def add_export(commands):
    export = add_command(
        commands, "export", run_export,
        help="take a model or a chapter along, without gan-keras",
        description=DESCRIPTION,
        examples=[
            "gan-keras export cgan",
            "gan-keras export cyclegan -o coursework/cyclegan.py",
            "gan-keras export --notebook 04 -o conditional.ipynb",
        ],
    )  # fmt: skip
    what = export.add_mutually_exclusive_group(required=True)
    what.add_argument("model", nargs="?", choices=MODELS, help="the model to export")
    what.add_argument("--notebook", metavar="CHAPTER", help="number of a chapter, such as 04")
    export.add_argument("-o", "--out", type=Path, metavar="FILE",
                        help="by default MODEL.py, or the chapter's name, here")  # fmt: skip


def run_export(options) -> int:
    chapter = notebooks.find(options.notebook) if options.notebook is not None else None
    suffix = ".py" if chapter is None else ".ipynb"
    out = options.out or Path(f"{options.model}.py" if chapter is None else chapter.name)
    if out.suffix != suffix:
        raise ValueError(f"--out is {out}; it must end in {suffix}.")
    if out.is_dir():
        raise ValueError(f"{out} is a folder; give the name of a file.")
    if chapter is None:
        command = f"gan-keras export {options.model}"
        content = models.one_file(MODELS[options.model], command)
    elif out.resolve() == chapter:
        raise ValueError(f"{chapter} would be written over; give another --out.")
    else:
        content = notebooks.by_itself(chapter)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(content, encoding="utf-8")
    print(f"{out}: {len(content.encode()) / 1e6:.1f} MB" if chapter else out)
    return 0
