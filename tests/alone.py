"""Run by test_export.py without gan_keras, in a folder of exported models: python alone.py NAME ...

Of each it carries out the example at the top of the file, on few images; loads what that has saved;
and draws with NAME_library.keras, which the package has saved.
"""

import importlib
import re
import sys
from pathlib import Path

import keras
import numpy as np

try:
    from gan_keras import GenerativeModel
except ImportError:
    pass
else:
    sys.exit(f"gan_keras must not be there: {GenerativeModel}")


def example(name):
    """The code in the comment at the top of the file: for small networks and two steps."""
    top = Path(f"{name}.py").read_text().partition('"""')[0]
    code = "\n".join(line[6:] for line in top.splitlines() if line.startswith("#     "))
    code = code.replace("epochs=20", "epochs=1, verbose=0").replace("64, 64", "32, 32")
    return code if name in ("gan", "vae") else code.replace("(image_shape", "(width=2, image_shape")


def carry_out(name):
    module, code = importlib.import_module(name), example(name)
    shape = eval(re.search(r"image_shape=(\(.+?\))", code)[1])
    n = 2 * int(re.search(r"batch_size=(\d+)", code)[1])
    rng = np.random.default_rng(0)
    images, b = rng.uniform(-1, 1, (2, n, *shape)).astype("float32")
    names = {**vars(module), "images": images, "labels": np.arange(n) % 10, "a": images, "b": b}
    exec(code, names)
    model, drawn = names["model"], names["drawn"]
    assert int(model.step) == 2 and not np.isnan(drawn).any()
    Path("model.keras").rename(f"{name}_alone.keras")
    np.save(f"{name}_alone.npy", drawn)

    draw = re.search("drawn = .*", code)[0]
    for saved in ("alone", "library"):
        names["model"] = keras.models.load_model(f"{name}_{saved}.keras")
        assert type(names["model"]) is type(model)
        exec(draw, names)
        np.testing.assert_array_equal(names["drawn"], np.load(f"{name}_{saved}.npy"))
    print(name, "holds")


sys.path.insert(0, "")
for name in sys.argv[1:]:
    carry_out(name)
