"""oneDNN, by which TensorFlow convolves and multiplies matrices on x86 processors.

TensorFlow takes it by itself only where the processor has instructions made for neural networks,
as servers' have and many laptops' have not. There, too, training is faster with it
(benchmarks/README.md, "Settings").
"""

import os
import platform

VARIABLE = "TF_ENABLE_ONEDNN_OPTS"
ON_X86 = platform.machine().lower() in ("x86_64", "amd64")


def turn_on() -> None:
    """Tells TensorFlow, which reads it once, when it is imported; what was chosen before stays."""
    if ON_X86:
        os.environ.setdefault(VARIABLE, "1")


def came_too_late() -> bool:
    """Whether TensorFlow computes without it though told to, as it was imported before."""
    from tensorflow.python.util import _pywrap_util_port  # What has no public name.

    return os.environ.get(VARIABLE) == "1" and not _pywrap_util_port.IsMklEnabled()
