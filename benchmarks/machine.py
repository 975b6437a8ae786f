"""What a result stands with: the machine, its software and the day."""

import datetime
import json
import os
import platform
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
# Of x86 processors, the newest first.
INSTRUCTIONS = "amx_bf16", "avx512_bf16", "avx512f", "avx2"


def describe() -> dict:
    """Processor, its newest instructions, cores, memory in GiB, versions and date."""
    processor = platform.processor()
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo") as file:
            names = [line.split(":")[1].strip() for line in file if line.startswith("model name")]
        processor = names[0] if names else processor
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": processor,
        "instructions": next((x for x in INSTRUCTIONS if x in flags()), ""),
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "memory_gib": round(memory),
        "python": platform.python_version(),
        "tensorflow": version("tensorflow"),
        "keras": version("keras"),
        "date": datetime.date.today().isoformat(),
    }


def flags(cpuinfo="/proc/cpuinfo") -> set[str]:
    """What Linux says of the processor's instructions, among other words; elsewhere nothing."""
    return set(Path(cpuinfo).read_text().split()) if os.path.exists(cpuinfo) else set()


def policies(flags: set[str]) -> tuple[str, ...]:
    """The dtype policies to measure: bfloat16 only where the processor has instructions for it.

    Where it has none, DCGAN's step takes ten times as long in it as in float32.
    """
    if flags.isdisjoint({"avx512_bf16", "amx_bf16", "bf16"}):
        return ("float32",)
    return "float32", "mixed_bfloat16"


def keep(name: str, command: str, **results) -> None:
    """Writes results/NAME.json: the command, the machine and what was found."""
    RESULTS.mkdir(exist_ok=True)
    kept = {
        "command": f"python benchmarks/{name}.py {command}".strip(),
        "machine": describe(),
        **results,
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(kept, indent=1) + "\n")
