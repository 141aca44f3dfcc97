"""How long a command takes, whole process, against the imports that nobody can avoid."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

from tests.benchmarks.timing import report, side_by_side

_NAMES = ("ssd_512_mobilenet1.0_coco", "ssd_512_resnet50_v1_coco")


def process(*arguments: str) -> Callable[[], object]:
    """Run this Python with the arguments and wait."""
    return lambda: subprocess.run([sys.executable, *arguments], check=True, capture_output=True)


def main(rounds: int = 7) -> None:
    compare = {
        "import pandas": process("-c", "import pandas"),
        "convlens compare A B": process("-m", "convlens", "compare", *_NAMES),
        "convlens forecast A": process("-m", "convlens", "forecast", _NAMES[0]),
        "convlens compare A B --format json": process(
            "-m", "convlens", "compare", *_NAMES, "--format", "json"
        ),
    }
    report(
        "Comparing two published runs, and forecasting one", side_by_side(compare, rounds), "import pandas"
    )
    plain = {
        "import typer": process("-c", "import typer"),
        "convlens --help": process("-m", "convlens", "--help"),
        "convlens compare --help": process("-m", "convlens", "compare", "--help"),
    }
    report("Asking for help", side_by_side(plain, rounds), "import typer")
