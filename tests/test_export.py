"""`gan-keras export`: models and chapters where gan_keras is not installed."""

import ast
import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import gan_keras
from gan_keras import cli
from gan_keras.cli.train import MODELS
from gan_keras.export import emoji, models, notebooks

import keras
import numpy as np
import pytest
import yaml

ROOT = Path(__file__).parents[1]
LIMIT = 25_000_000  # bytes of a notebook


def run_alone(*arguments, folder):
    """Runs an interpreter that has the installed packages, but not this one."""
    # An editable install is a .pth file, which is not read in a folder of PYTHONPATH.
    environment = {**os.environ, "PYTHONPATH": sysconfig.get_path("purelib"), "MPLBACKEND": "agg"}
    environment |= {"TFDS_DATA_DIR": str(ROOT / "data"), "IPYTHONDIR": str(folder)}
    done = subprocess.run(
        [sys._base_executable, *map(str, arguments)],
        env=environment, cwd=folder, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def draw(name, model):
    """As the example in an exported file does, of which alone.py makes two batches."""
    if name in ("pix2pix", "cyclegan"):
        n = 8 if name == "cyclegan" else 32
        images = np.random.default_rng(0).uniform(-1, 1, (2, n, 32, 32, 3)).astype("float32")[0]
        return model.translate(images, **({} if name == "cyclegan" else {"seed": 0}))
    return model.generate(16, seed=0, **({"labels": 7} if model.num_classes else {}))


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A folder with each model as one file, by the command."""
    folder = tmp_path_factory.mktemp("exported")
    for name in MODELS:
        assert cli.main(["export", name, "-o", str(folder / f"{name}.py")]) == 0
    return folder


def test_every_model_as_one_file_works_without_the_package(exported):
    for name, kind in MODELS.items():
        arguments = {} if name in ("gan", "vae") else {"width": 2}  # As in alone.py.
        if issubclass(kind, gan_keras.TranslationModel):
            arguments["image_shape"] = (32, 32, 3)
        model = kind(**arguments)
        model.compile()
        model.save(exported / f"{name}_library.keras")
        np.save(exported / f"{name}_library.npy", draw(name, model))
    shown = run_alone(ROOT / "tests/alone.py", *MODELS, folder=exported)
    assert shown.count("holds") == len(MODELS)
    for name in MODELS:  # What such a file has saved is a model of the package.
        model = keras.models.load_model(exported / f"{name}_alone.keras")
        assert type(model) is MODELS[name]
        np.testing.assert_array_equal(draw(name, model), np.load(exported / f"{name}_alone.npy"))


def test_exported_files_import_little_and_have_no_loose_ends(exported):
    for path in exported.glob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text())))
        imported = {a.name for node in nodes if isinstance(node, ast.Import) for a in node.names}
        imported |= {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
        foreign = {name.partition(".")[0] for name in imported} - sys.stdlib_module_names
        assert foreign == {"keras", "tensorflow", "numpy"}
    # Names without a definition, unused imports, two definitions of one name, long lines.
    check = [sys.executable, "-m", "ruff", "check", "--isolated", "--select=F,E501,I,B"]
    done = subprocess.run([*check, "--line-length=100", exported], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_an_exported_file_holds_its_module_and_only_what_it_uses(exported):
    text = (exported / "cyclegan.py").read_text()
    source = (ROOT / "gan_keras/models/cyclegan.py").read_text()
    for node in ast.parse(source).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            assert f" {node.name}(" in text
    assert source.split('"""')[1].strip() in text  # The paper.
    assert '"paper": section 4 and appendix 7' in text  # A comment above a constant.
    assert "def patch_logits(" in text and "class ImagePool(" in text
    for unused in ("class Pix2Pix", "receptive_field", "DifferentiableAugment", "truncated"):
        assert unused not in text
    assert "ImagePool" not in (exported / "gan.py").read_text()


def test_every_exported_file_says_whose_it_is(exported):
    facts = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert (models.TITLE, models.AUTHORS) == (facts["title"], facts["authors"][0]["name"])
    assert models.YEAR == facts["date-released"].year and facts["license"] == "Apache-2.0"
    for path in exported.glob("*.py"):
        top = path.read_text().partition('"""')[0]
        flat = " ".join(top.replace("\n#", " ").split())
        assert f"{models.AUTHORS} ({models.YEAR}). {models.TITLE}." in flat
        assert "Apache License, Version 2.0" in flat and gan_keras.__version__ in flat


def setup_cells(path):
    cells = json.loads(path.read_text())["cells"]
    return ["".join(cell["source"]) for cell in cells[:3] if cell["cell_type"] == "code"]


def test_a_notebook_unpacks_what_its_chapter_needs(tmp_path):
    path = tmp_path / "gan.ipynb"
    assert cli.main(["export", "--notebook", "2", "-o", str(path)]) == 0
    assert path.stat().st_size < LIMIT
    chapter = json.loads((ROOT / "chapters/02_gan.ipynb").read_text())["cells"]
    cells = json.loads(path.read_text())["cells"]
    assert [cell["source"] for cell in cells[3:]] == [cell["source"] for cell in chapter]
    program = "\n".join([
        *setup_cells(path),
        "import gan_keras, numpy",
        "assert gan_keras.__file__.startswith(str(folder)), gan_keras.__file__",
        "drawn = gan_keras.load_pretrained('gan-mnist').generate(4, seed=0)",
        "numpy.save('drawn.npy', drawn)",
        "print(len(gan_keras.load_dataset('mnist', batch_size=10, limit=10)))",
    ])  # fmt: skip
    (tmp_path / "program.py").write_text(program)
    assert run_alone("program.py", folder=tmp_path).split() == ["1"]
    ours = gan_keras.load_pretrained("gan-mnist").generate(4, seed=0)
    np.testing.assert_array_equal(np.load(tmp_path / "drawn.npy"), ours)


def test_emoji_come_back_as_they_were(tmp_path):
    import tensorflow as tf

    source, packed, again = (tmp_path / name for name in ("source", "packed", "again"))
    (source / emoji.FOLDER).mkdir(parents=True)
    for path in (ROOT / "data" / emoji.FOLDER).iterdir():
        if "train" not in path.name:  # Long.
            shutil.copy(path, source / emoji.FOLDER)
    emoji.pack(source, packed)
    emoji.unpack(packed, again)

    def rows(data_dir):
        for path in sorted((data_dir / emoji.FOLDER).glob("*.tfrecord*")):
            for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
                features = dict(tf.train.Example.FromString(record).features.feature)
                images = [features.pop(name).bytes_list.value[0] for name in emoji.DRAWINGS]
                yield features, [tf.io.decode_png(image).numpy() for image in images]

    count = 0
    for (features, images), (features_again, images_again) in zip(
        rows(source), rows(again), strict=True
    ):
        assert features == features_again
        for image, image_again in zip(images, images_again, strict=True):
            np.testing.assert_array_equal(image, image_again)
        count += 1
    assert count == 259 + 226
    loaded = gan_keras.load_dataset("emoji", "test", pair=("line", "noto"), data_dir=again)
    assert loaded.element_spec[1].shape[1:] == (64, 64, 3)


@pytest.mark.parametrize(
    ("number", "weights", "studies", "with_emoji"),
    [
        ("01", {"vae-mnist"}, set(), False),
        ("02", {"gan-mnist"}, set(), False),
        ("03", {"dcgan-fashion_mnist", "dcgan-emoji"}, {"dcgan_rules"}, True),
        ("04", {"cgan-mnist", "cgan-emoji"}, {"conditioning", "few_images"}, True),
        ("05", {"pix2pix-emoji"}, {"pix2pix_parts"}, True),
        ("06", {"cyclegan-emoji"}, {"cyclegan_parts"}, True),
    ],
)
def test_what_each_chapter_brings_along(number, weights, studies, with_emoji):
    cells = json.loads(notebooks.find(number).read_text())["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    files, brings_emoji = notebooks.needed(code)
    assert brings_emoji == with_emoji
    assert {path.stem for path in files if path.suffix == ".npz"} - {"dcgan_rules"} == weights
    modules = {path.stem for path in files if path.parent.name == "benchmarks"}
    assert modules == (studies | {"machine"} if studies else set())
    results = {path.stem for path in files if path.parent.name == "results"}
    assert results == studies


@pytest.mark.long
@pytest.mark.parametrize("number", ["01", "02", "03", "04", "05", "06"])
def test_a_chapter_runs_by_itself(number, tmp_path):
    path = tmp_path / "chapter.ipynb"
    assert cli.main(["export", "--notebook", number, "-o", str(path)]) == 0
    assert path.stat().st_size < LIMIT
    notebook = json.loads(path.read_text())
    last = {"cell_type": "code", "source": "print('at the end:', gan_keras.__file__)"}
    notebook["cells"].append({**last, "metadata": {}, "execution_count": None, "outputs": []})
    path.write_text(json.dumps(notebook))
    # It stops at the first error, with exit code 1.
    shown = run_alone("-m", "IPython", "--colors=NoColor", path.name, folder=tmp_path)
    end = shown.strip().splitlines()[-1]
    assert end.startswith("at the end: ") and "gan-keras-" in end and str(ROOT) not in end


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("export",), 2, "one of the arguments"),
        (("export", "stargan"), 2, "invalid choice"),
        (("export", "cgan", "--notebook", "04"), 2, "not allowed with"),
        (("export", "cgan", "-o", "cgan.txt"), 1, "must end in .py"),
        (("export", "cgan", "-o", "folder.py"), 1, "is a folder"),
        (("export", "--notebook", "04", "-o", "cgan.py"), 1, "must end in .ipynb"),
        (("export", "--notebook", "9"), 1, "Choose one of 01, 02"),
        (("export", "--notebook", "two"), 1, "Choose one of 01, 02"),
    ],
)
def test_wrong_calls_end_in_a_sentence_and_write_nothing(
    arguments, code, message, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.py").mkdir()
    try:
        returned = cli.main(arguments)
    except SystemExit as stopped:
        returned = stopped.code
    assert returned == code
    assert message in capsys.readouterr().err
    assert [path.name for path in tmp_path.rglob("*")] == ["folder.py"]


def test_an_installed_package_says_that_it_has_no_chapters(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(notebooks, "ROOT", tmp_path)
    monkeypatch.chdir(tmp_path)
    assert cli.main(["export", "--notebook", "04"]) == 1
    assert "in the repository, not in the installed package" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_chapter_is_not_written_over_itself(capsys):
    chapter = notebooks.find("4")
    before = chapter.stat().st_mtime_ns
    assert cli.main(["export", "--notebook", "4", "-o", str(chapter)]) == 1
    assert "would be written over" in capsys.readouterr().err
    assert chapter.stat().st_mtime_ns == before
