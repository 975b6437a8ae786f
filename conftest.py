"""Shared by the unit tests and by nbval, which runs the chapters."""

import os
import sys
from pathlib import Path

import nbval.kernel
import pytest

sys.path.insert(0, str(Path(__file__).parent / "tools"))
import kernels  # noqa: E402

# Tests look whether things work; results are for `make run`.
os.environ.setdefault("GAN_KERAS_PROFILE", "smoke")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


_KernelManager = nbval.kernel.KernelManager
nbval.kernel.KernelManager = lambda **kwargs: _KernelManager(**kernels.connection(), **kwargs)


def pytest_collectstart(collector):
    """TensorFlow writes to stderr what differs from machine to machine."""
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += ("stderr",)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """nbval marks the cells after a failed one as expected failures; here none is expected."""
    report = (yield).get_result()
    if type(item).__name__ == "IPyNbCell" and getattr(report, "wasxfail", None) is not None:
        report.outcome = "failed"
        report.longrepr = f"not run: {report.wasxfail}"
        del report.wasxfail
