"""The short form of the benchmarks of speed; ends with an error where a ratio is missed.

    make bench

Steps beside PyTorch's and beside plain ones, what `fit` and data add, and drawing, without writing
results: few rounds where a ratio is clear of its goal, more where it is near; what misses its goal
is measured again at the end. With `--tables`, writes the tables of benchmarks/README.md from the
results of the long forms, and runs nothing.
"""

import argparse
import json
import sys
import time
from functools import partial
from pathlib import Path

import against_torch
import generation
import overhead
import settings
import steps

HERE = Path(__file__).parent
# Rounds at most, where a ratio is near its goal; beside PyTorch they are short.
MOST, MOST_TORCH = 9, 20
BEGIN, END = "<!-- tables -->", "<!-- end of tables -->"


def comparisons():
    """(function that measures one row, function that names the goals which rows miss), of each.

    Those whose ratios lie nearest to their goals come first, as minutes pass until the end, where
    what misses is measured again.
    """
    for name, networks in steps.CASES:
        if networks == "own":  # The others are far above the goal: in the long form alone.
            compare = partial(against_torch.compare, name, networks, rounds=10, seconds=0.3)
            yield partial(compare, most=MOST_TORCH), against_torch.missed
    for name, networks in steps.CASES:
        if networks == "guide":  # The others have no goal.
            yield partial(steps.compare, name, networks, builds=2), steps.missed
    for name in overhead.DATA:
        builds = 1 if name == "CycleGAN" else 2  # Its first step takes longest.
        yield partial(overhead.measure, name, builds, seconds=8.0, most=6), overhead.missed
    for name in generation.MODELS:
        images = 2_000 if name in generation.TRANSLATES else 10_000
        compare = partial(generation.compare, name, rounds=6, images=images, most=MOST)
        yield compare, generation.missed


def short():
    """Runs everything; the goals that were missed twice, one a line, or None.

    What else a machine does may last for minutes: what misses a goal is measured again at the end.
    """

    def missed_by(measure, missed):
        begun = time.perf_counter()
        row = measure()
        print(json.dumps(row | {"took": round(time.perf_counter() - begun)}), flush=True)
        return missed([row])

    again = [x for x in comparisons() if missed_by(*x)]
    return "\n".join(line for x in again for line in missed_by(*x)) or None


def table(head, rows):
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def networks_of(row):
    return f"`{row['model']}`, " + ("the guide's" if row["networks"] == "guide" else "its own")


def step_rows(rows):
    """A dash for bfloat16 where the processor has no instructions for it, and for what an earlier
    form of the program did not measure."""
    for row in rows:
        speed, over = row["per_second"], row["over_plain_float32"]
        speeds = [speed.get(f"{who} {p}") for p in steps.GOALS for who in ("plain", "library")]
        ratios = [row["over_plain"].get(p) for p in steps.GOALS] + [over.get("mixed_bfloat16")]
        firsts, traces = row.get("first_step_seconds", {}), row.get("trace_seconds", {})
        yield [
            networks_of(row), row["batch_size"],
            *("–" if x is None else round(x) for x in speeds),
            *("–" if x is None else f"{x:.2f}" for x in ratios),
            *(seconds.get(f"{who} float32", "–")
              for who in ("plain", "library") for seconds in (firsts, traces)),
        ]  # fmt: skip


def part_rows(rows):
    for row in rows:
        yield row["part"], row["batch_size"], f"{row['per_second']:.1f}", f"{row['over']:.2f}"


def overhead_rows(rows):
    """A dash for what an earlier form of the program did not measure."""
    for row in rows:
        times, ratios = row["milliseconds"], row["ratios"]
        median, *interval = row["data / same in turns"]
        known = "data / same" in ratios
        yield [
            f"`{row['model']}`", row["batch_size"], row["steps_per_execution"],
            row["first_step_seconds"],
            times["bare"], times["fit"], f"{ratios['fit / bare']:.3f}",
            times["data"] if known else "–", f"{ratios['data / same']:.3f}" if known else "–",
            f"{median:.3f}" + (" ({:.3f} to {:.3f})".format(*interval) if interval else ""),
        ]  # fmt: skip


def generation_rows(rows):
    for row in rows:
        speed = row["per_second"]
        yield [
            f"`{row['model']}`", f"{row['images']:,}", f"{speed['bare']:,}",
            f"{speed['library']:,}", f"{row['ratio']:.2f}",
            f"{row['grown_mib']} ({row['images_mib']})",
        ]  # fmt: skip


def torch_rows(rows):
    for row in rows:
        speed = row["per_second"]
        yield [
            networks_of(row), row["batch_size"], round(speed["torch"]), round(speed["library"]),
            f"{row['ratio']:.2f}",
        ]  # fmt: skip


def limit_rows(rows):
    for row in rows:
        most = ", ".join(f"{kind} {share:.0%}" for kind, share in list(row["slowest"].items())[:4])
        yield [
            f"`{row['model']}`", row["policy"].removeprefix("mixed_"), row["mflop_per_image"],
            row["gflop_per_second"], f"{row['share_of_peak']:.0%}", most,
        ]  # fmt: skip


def layer_rows(rows):
    for row in rows:
        images, side, channels, filters = row["layer"]
        times = row["milliseconds"].values()
        yield [
            f"{images} x {side} x {side} x {channels} to {filters}",
            row["policy"].removeprefix("mixed_"),
            *(f"{way['forwards']} / {way['gradients']}" for way in times),
        ]


def setting_rows(rows):
    """A dash where a setting was not measured."""
    for row in rows:
        ratios = [row["ratios"].get(key) for key in settings.SETTINGS if key != "default"]
        yield [
            f"`{row['model']}`", row["batch_size"], round(row["per_second"]["default"]),
            *("–" if x is None else f"{x:.2f}" for x in ratios),
        ]  # fmt: skip


# Heading, results, key of the rows, columns, and what makes lines of them.
TABLES = (
    ("Steps beside plain ones", "steps", "rows", step_rows,
     ("networks", "batch", "plain", "library", "plain bf16", "library bf16", "ratio", "ratio bf16",
      "library bf16 / plain", "first step, plain, s", "its tracing", "first step, library, s",
      "its tracing")),
    ("Parts of CycleGAN's step", "steps", "parts", part_rows,
     ("step", "batch", "pairs/s", "time, over the step without")),
    ("What `fit` and data add", "overhead", "rows", overhead_rows,
     ("model", "batch", "steps an execution", "first step, s", "bare, ms", "fit, ms", "fit / bare",
      "data, ms a batch", "data / one batch", "in turns (95 %)")),
    ("Drawing and translating", "generation", "rows", generation_rows,
     ("model", "images", "bare, images/s", "library, images/s", "ratio", "MiB grown (images)")),
    ("Steps beside PyTorch's", "against_torch", "rows", torch_rows,
     ("networks", "batch", "PyTorch", "library", "ratio")),
    ("How near the limit", "limits", "rows", limit_rows,
     ("model", "precision", "MFLOP an image", "GFLOP/s", "of the peak", "most of the time")),
    ("A transposed convolution, ms forwards / gradients", "limits", "transposed_convolution",
     layer_rows,
     ("layer", "precision", "transposed", "sub-pixel", "four phases", "resize, convolve")),
    ("A convolution of 7 x 7 to few filters, ms forwards / gradients", "limits",
     "convolution_to_few", layer_rows, ("layer", "precision", "at once", "as two")),
    ("A convolution of 3 x 3 of an enlarged image, ms forwards / gradients", "limits",
     "convolution_upsampled", layer_rows, ("layer", "precision", "of the large", "of the small")),
    ("A convolution of stride 2 in two layouts, ms forwards / gradients", "limits", "convolution",
     layer_rows, ("layer", "precision", "channels last", "channels first")),
    ("Settings: how many times as fast as by default", "settings", "rows", setting_rows,
     ("model", "batch", "by default, images/s", "one thread an operation",
      "one operation at a time", "without oneDNN")),
)  # fmt: skip


def tables():
    """All tables as Markdown, each with machine, date and command.

    Beside NAME.json there may be NAME_MACHINE.json, what another machine gave.
    """
    parts = []
    for heading, name, key, lines, head in TABLES:
        parts.append(f"### {heading}")
        for file in sorted((HERE / "results").glob(f"{name}*.json")):
            results = json.loads(file.read_text())
            if key in results:
                parts += [where(results), table(head, lines(results[key]))]
    return "\n\n".join(parts)


def where(results):
    machine = results["machine"]
    text = machine["processor"]
    if machine.get("instructions"):
        text += f" with {machine['instructions']}"
    text += f", {machine['cores']} cores, {machine['date']}"
    text += f", TensorFlow {machine['tensorflow']}: `{results['command']}`"
    if "peak_gflop_per_second" in results:
        text += "\n\nPeak, GFLOP/s: " + ", ".join(
            f"{kind.removeprefix('mixed_')} {value}"
            for kind, value in results["peak_gflop_per_second"].items()
        )
    return text


def write(file):
    before, _, rest = file.read_text().partition(BEGIN)
    file.write_text(f"{before}{BEGIN}\n{tables()}\n{END}{rest.partition(END)[2]}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tables", action="store_true", help="write benchmarks/README.md's tables")
    if parser.parse_args().tables:
        write(HERE / "README.md")
    else:
        sys.exit(short())
