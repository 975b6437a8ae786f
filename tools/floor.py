"""Prints pip constraints that hold every requirement at the lowest version it allows."""

import re
import tomllib
from pathlib import Path

project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
extras = project["optional-dependencies"]
for requirement in project["dependencies"] + extras["notebooks"] + extras["test"]:
    name, floor = re.match(r"([\w-]+)>=([\d.]+)", requirement).groups()
    # >=2.19 admits 2.19.0 and nothing older; ==2.19.* still takes its bug fixes.
    print(f"{name}=={floor}.*" if floor.count(".") < 2 else f"{name}=={floor}")

# Newer ones need protobuf 6 and do not say so; TensorFlow 2.19 needs an older one and does.
print("tensorflow-metadata<1.18")
