"""Runs the tests marked `long`, and writes what came of them to tests/long.json.

python tools/long_tests.py
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))
from machine import describe  # noqa: E402


def main():
    report = ROOT / "build/long.xml"
    report.parent.mkdir(exist_ok=True)
    begun = time.monotonic()
    # One after the other: they measure the memory of their process.
    code = subprocess.call(
        [sys.executable, "-m", "pytest", "-m", "long", "tests", f"--junitxml={report}"], cwd=ROOT
    )
    suite = ElementTree.parse(report).getroot().find("testsuite")
    result = {
        "command": "python tools/long_tests.py",
        "machine": describe(),
        "seconds": round(time.monotonic() - begun),
        **{key: int(suite.get(key)) for key in ("tests", "failures", "errors", "skipped")},
        "each": {
            case.get("name"): round(float(case.get("time"))) for case in suite.iter("testcase")
        },
    }
    (ROOT / "tests/long.json").write_text(json.dumps(result, indent=1) + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
