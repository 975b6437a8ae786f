"""What npm fetches, in the version and with the digests that a lock file names."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def install(source: Path, command: str) -> Path:
    """Fetches what package.json and package-lock.json in `source` name; gives node_modules.

    npm works in a folder of its own below build/ and fetches nothing twice.

    Raises:
        SystemExit: with a sentence that names `command`, if there is no npm or it fails.
    """
    npm = shutil.which("npm")
    if npm is None:
        sys.exit(
            f"{command} needs npm, which comes with Node.js (version 20 or later): install it."
        )
    folder = ROOT / f"build/{source.name}-npm"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(source / name, folder)
    arguments = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(arguments, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"npm fetched nothing; a network is needed once:\n{done.stderr}")
    return folder / "node_modules"
