"""How near each training step comes to what the machine can do, and where its time goes.

    python benchmarks/limits.py [--rounds 7]

- The peak: the fastest of some products of two square matrices, in float32 and in bfloat16.
- For each model in its recipe "fast": floating-point operations per image, of the convolutions and
  matrix products that a step needs, as TensorFlow's registry counts them (and Einstein sums, which
  it lacks); what that makes in a second; and its share of the peak.
- The kinds of operations that take most of the step's time, by TensorFlow's profiler. Those that
  run side by side on two cores count twice.
- A transposed convolution of stride 2 in four ways, forwards, and the gradients alone.
- A convolution of stride 2, channels last and channels first, likewise.
- A convolution to few filters at once, and as the library's layer computes it; likewise one of an
  image that is enlarged before.

Writes results/limits.json.
"""

import argparse
import collections
import itertools
import json
import math
import statistics
import tempfile
import time
from functools import partial
from pathlib import Path

from gan_keras.layers import convolve_in_two, convolve_upsampled

import keras
import numpy as np
import steps
import tensorflow as tf
from machine import keep
from tensorflow.python.framework import ops
from tensorflow.python.profiler.internal import flops_registry  # noqa: F401  It registers.
from tensorflow.tsl.profiler.protobuf import xplane_pb2

MODELS = [name for name, networks in steps.CASES if networks == "own"]
COUNTED = "Conv2D", "Conv2DBackpropInput", "Conv2DBackpropFilter", "MatMul", "Einsum"
# Images, side, channels in and out of a transposed convolution with a kernel of 4: those of the
# Keras guide's generator and of DCGAN's.
LAYERS = (64, 14, 128, 128), (128, 7, 64, 32), (128, 14, 32, 1)
# Of a convolution: of the guide's discriminator, of DCGAN's and of Pix2Pix'.
CONVOLUTIONS = (64, 14, 64, 128), (128, 14, 32, 64), (16, 32, 32, 64)
# Of a convolution to few filters, with a kernel of 7: of the guide's generator and of CycleGAN's.
TO_FEW = (64, 34, 128, 1), (4, 70, 16, 3)
# Of a convolution of an image twice as large, with a kernel of 3: CycleGAN's, and a wider one.
UPSAMPLED = (4, 16, 64, 32), (4, 32, 32, 16), (4, 32, 128, 64)
LAYOUTS = {"channels last": "NHWC", "channels first": "NCHW"}


def peak(policy="float32", size=2048, tries=12):
    """GFLOP/s of the fastest of some products of matrices."""
    matrix = tf.cast(tf.random.normal((size, size)), policy.removeprefix("mixed_"))
    product = tf.function(lambda: tf.matmul(matrix, matrix)[0, 0])
    times = []
    for _ in range(tries):
        begun = time.perf_counter()
        float(product())
        times.append(time.perf_counter() - begun)
    return round(2 * size**3 / min(times) / 1e9)


@ops.RegisterStatistics("Einsum", "flops")
def einstein_sum(graph, node):
    """A multiplication and an addition for each combination of its indices."""
    given = node.attr["equation"].s.decode().partition("->")[0].split(",")
    arrays = graph.get_operation_by_name(node.name).inputs
    sides = {
        i: n
        for letters, x in zip(given, arrays, strict=True)
        for i, n in zip(letters, x.shape, strict=True)
    }
    return ops.OpStats("flops", 2 * math.prod(sides.values()))


def operations(step, data):
    """Floating-point operations of one step, without those that no result depends on."""
    graph = step.get_concrete_function(*data).graph
    ends = [*graph.control_outputs, *(x.op for x in graph.outputs)]
    needed = tf.compat.v1.graph_util.extract_sub_graph(
        graph.as_graph_def(), [op.name for op in ends]
    )
    return sum(
        ops.get_stats_for_node_def(graph, node, "flops").value or 0
        for node in needed.node
        if node.op in COUNTED
    )


def slowest(step, data, count=10, top=8):
    """{kind of operation: its share of the time of all}."""
    with tempfile.TemporaryDirectory() as folder:
        tf.profiler.experimental.start(folder)
        for _ in range(count):
            result = step(*data)
        steps.finished(result)
        tf.profiler.experimental.stop()
        spent = collections.Counter()
        for file in Path(folder).rglob("*.xplane.pb"):
            space = xplane_pb2.XSpace.FromString(file.read_bytes())
            for plane in space.planes:
                for line in plane.lines:
                    for event in line.events:
                        name, colon, kind = plane.event_metadata[event.metadata_id].name.rpartition(
                            ":"
                        )
                        if colon and ":" not in name and " " not in kind:
                            spent[kind] += event.duration_ps
    spent = {kind: time for kind, time in spent.items() if not kind.startswith("__inference")}
    whole = sum(spent.values())
    largest = sorted(spent, key=spent.get, reverse=True)[:top]
    return {kind.removeprefix("_Mkl"): round(spent[kind] / whole, 3) for kind in largest}


def judge(name, policy, rounds, height):
    """One row: a model's step beside the peak `height`, GFLOP/s."""
    size, channels, count = steps.CASES[name, "own"]
    data = steps.batch(name, size, channels, count)
    keras.config.set_dtype_policy(policy)
    model = steps.build(name, size=size, channels=channels)
    step = tf.function(steps.library_step(model), autograph=False)
    times = steps.race({"step": step}, data, rounds)
    keras.config.set_dtype_policy("float32")
    needed = operations(step, data)
    reached = needed / statistics.median(times["step"]) / 1e9
    return {
        "model": name,
        "policy": policy,
        "mflop_per_image": round(needed / count / 1e6, 1),
        "gflop_per_second": round(reached),
        "share_of_peak": round(reached / height, 2),
        "slowest": slowest(step, data),
    }


def transposed(x, kernel):
    """As `Conv2DTranspose` does it."""
    n, height, width, _ = x.shape
    shape = n, 2 * height, 2 * width, kernel.shape[2]
    return tf.nn.conv2d_transpose(x, kernel, shape, 2, "SAME")


# Rows of the kernel (4 stands for zeros) that a pixel of the result draws from the pixel before, at
# and after it; for the two pixels that each pixel becomes.
TAPS = (3, 1, 4), (4, 2, 0)


def sub_pixel(x, kernel):
    """A convolution that draws four images, interleaved: the same result, 9 taps in place of 4."""
    kernel = tf.pad(kernel, [[0, 1], [0, 1], [0, 0], [0, 0]])
    four = [
        tf.transpose(tf.gather(tf.gather(kernel, rows, axis=0), columns, axis=1), (0, 1, 3, 2))
        for rows in TAPS
        for columns in TAPS
    ]
    return tf.nn.depth_to_space(tf.nn.conv2d(x, tf.concat(four, axis=-1), 1, "SAME"), 2)


def four_phases(x, kernel):
    """Four convolutions of 2 x 2 in one, interleaved: the same result with no tap too many."""
    four = [
        tf.transpose(
            tf.gather(tf.gather(kernel, rows, axis=0), columns, axis=1), (0, 1, 3, 2)
        )
        for rows in ((3, 1), (2, 0))
        for columns in ((3, 1), (2, 0))
    ]  # fmt: skip
    n, height, width, _ = x.shape
    x = tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]])
    y = tf.nn.conv2d(x, tf.concat(four, axis=-1), 1, "VALID")
    y = tf.reshape(y, (n, height + 1, width + 1, 2, 2, -1))
    upper = tf.stack([y[:, :-1, :-1, 0, 0], y[:, :-1, 1:, 0, 1]], axis=3)
    lower = tf.stack([y[:, 1:, :-1, 1, 0], y[:, 1:, 1:, 1, 1]], axis=3)
    return tf.reshape(tf.stack([upper, lower], axis=2), (n, 2 * height, 2 * width, -1))


def resized(x, kernel):
    """Each pixel four times, then a convolution of 3 x 3: another layer, with other results."""
    kernel = tf.transpose(kernel[:3, :3], (0, 1, 3, 2))
    twice = tf.repeat(tf.repeat(x, 2, axis=1), 2, axis=2)
    return tf.nn.conv2d(twice, kernel, 1, "SAME")


WAYS = {f.__name__: f for f in (transposed, sub_pixel, four_phases, resized)}


def first(x):
    """One number, so that bringing a result to NumPy costs nothing."""
    return tf.cast(tf.reshape(x, [-1])[0], tf.float32)


def layer(images, side, channels, filters, policy, rounds):
    """Milliseconds of each way of a transposed convolution."""
    x, up = (images, side, side, channels), (images, 2 * side, 2 * side, filters)
    return measured(
        {name: (way, x, up) for name, way in WAYS.items()},
        (4, 4, filters, channels),
        policy,
        rounds,
    )


def convolution(images, side, channels, filters, policy, rounds):
    """Milliseconds of a convolution of stride 2 in each layout, its input and its result in it."""
    ways = {}
    for name, layout in LAYOUTS.items():
        x, up = (images, side, side, channels), (images, side // 2, side // 2, filters)
        if layout == "NCHW":
            x, up = ((n, c, h, w) for n, h, w, c in (x, up))
        ways[name] = partial(tf.nn.conv2d, strides=2, padding="SAME", data_format=layout), x, up
    return measured(ways, (4, 4, channels, filters), policy, rounds)


def to_few(images, side, channels, filters, policy, rounds):
    """Milliseconds of a convolution to few filters, by TensorFlow's operation and by two."""
    shapes = (images, side, side, channels), (images, side - 6, side - 6, filters)
    at_once = partial(tf.nn.conv2d, strides=1, padding="VALID")
    ways = {"at once": (at_once, *shapes), "in two": (convolve_in_two, *shapes)}
    return measured(ways, (7, 7, channels, filters), policy, rounds)


def upsampled(images, side, channels, filters, policy, rounds):
    """Milliseconds of a convolution of the large image, and of the small one to the same effect."""
    shapes = (images, side, side, channels), (images, 2 * side, 2 * side, filters)
    enlarge = keras.layers.UpSampling2D(dtype=policy.removeprefix("mixed_"))
    around = [[0, 0], [1, 1], [1, 1], [0, 0]]

    def large(x, kernel):
        return tf.nn.conv2d(tf.pad(enlarge(x), around, "REFLECT"), kernel, 1, "VALID")

    ways = {"large": (large, *shapes), "small": (convolve_upsampled, *shapes)}
    return measured(ways, (3, 3, channels, filters), policy, rounds)


def measured(ways, kernel_shape, policy, rounds):
    """{way: {"forwards": ms, "gradients": ms}}, the latter those of input and kernel.

    Args:
        ways: {name: (function of input and kernel, shape of the input, shape of the result)}.
    """
    rng = np.random.default_rng(0)
    draw = lambda shape: tf.cast(rng.normal(size=shape), policy.removeprefix("mixed_"))  # noqa: E731
    kernel, runs = draw(kernel_shape), {}
    for name, (way, *shapes) in ways.items():
        x, up = map(draw, shapes)

        def forwards(way=way, x=x):
            return first(way(x, kernel))

        def backwards(way=way, x=x, up=up):
            with tf.GradientTape() as tape:
                tape.watch([x, kernel])
                y = way(x, kernel)
            return [first(gradient) for gradient in tape.gradient(y, [x, kernel], up)]

        runs[name, "forwards"] = tf.function(forwards, autograph=False)
        runs[name, "gradients"] = tf.function(backwards, autograph=False)
    times = steps.race(runs, (), rounds, seconds=0.1)
    found = collections.defaultdict(dict)
    for (name, which), values in times.items():
        found[name][which] = round(1000 * statistics.median(values), 2)
    return found


def main(rounds):
    peaks = {policy: peak(policy) for policy in steps.POLICIES}
    print(peaks, flush=True)
    rows, layers = [], collections.defaultdict(list)
    for name in MODELS:
        for policy, height in peaks.items():
            rows.append(judge(name, policy, rounds, height))
            print(json.dumps(rows[-1]), flush=True)
    kinds = {layer: LAYERS, convolution: CONVOLUTIONS, to_few: TO_FEW, upsampled: UPSAMPLED}
    for kind, shapes in kinds.items():
        for shape, policy in itertools.product(shapes, steps.POLICIES):
            found = kind(*shape, policy, rounds)
            layers[kind].append({"layer": shape, "policy": policy, "milliseconds": found})
            print(json.dumps(layers[kind][-1]), flush=True)
    keep(
        "limits",
        f"--rounds {rounds}",
        peak_gflop_per_second=peaks,
        rows=rows,
        transposed_convolution=layers[layer],
        convolution=layers[convolution],
        convolution_to_few=layers[to_few],
        convolution_upsampled=layers[upsampled],
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    main(**vars(parser.parse_args()))
