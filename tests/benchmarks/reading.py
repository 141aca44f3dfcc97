"""Reading a log to summary and curve, against readers that extract less."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import convlens
from tests.benchmarks.timing import report, side_by_side
from tests.writing import ssd_log


def logs() -> tuple[list[Path], str]:
    """Real detection logs where CONVLENS_CORPUS names them, else made ones."""
    corpus = os.environ.get("CONVLENS_CORPUS")
    if corpus:
        found = [
            p for task in ("detection", "instance") for p in sorted(Path(corpus, "logs", task).glob("*.log"))
        ]
        return found, "real logs"
    folder = Path(tempfile.mkdtemp())
    for number in range(12):
        (folder / f"ssd_{number}.log").write_text(ssd_log(epochs=240, batches=36, seed=number))
    return sorted(folder.iterdir()), "made logs"


def with_convlens(paths: list[Path]) -> None:
    """Summary and curve: every epoch's own means, scores, sessions, findings."""
    for path in paths:
        run = convlens.read_log(path)
        assert run.summary.epochs
        assert len(run.curve)


def plotting_loop(paths: list[Path]) -> None:
    """In the manner of GluonCV's plotting scripts: `in` tests on each line, `re.findall` on some."""
    for path in paths:
        losses, scores = [], []
        with path.open(errors="replace") as file:
            for line in file.readlines():
                if "Training cost" in line:
                    losses.append([float(v) for v in re.findall(r"\d+\.\d+", line)])
                elif "mAP" in line or line.startswith("="):
                    scores.append([float(v) for v in re.findall(r"\d+\.\d+", line)])


def line_by_line(paths: list[Path]) -> None:
    """The same figures as convlens needs, the obvious way: one regular expression a line kind, each line."""
    batch = re.compile(r"\[Epoch (\d+)\]\[Batch (\d+)\](.*)")
    close = re.compile(r"\[Epoch (\d+)\] Training cost: ([\d.]+)(.*)")
    header = re.compile(r"\[Epoch (\d+)\].*Validation")
    pair = re.compile(r"(\w+)(?:=|: )([-+.\w]+)")
    coco = re.compile(r"Average (?:Precision|Recall).* = ([-\d.]+)")
    for path in paths:
        rows: list[tuple[int, int, dict[str, str]]] = []
        scores: dict[int, list[float]] = {}
        epoch = -1
        with path.open(errors="replace") as file:
            for line in file:
                if match := batch.search(line):
                    rows.append((int(match[1]), int(match[2]), dict(pair.findall(match[3]))))
                elif match := close.search(line):
                    rows.append((int(match[1]), -1, dict(pair.findall(match[3]))))
                elif match := header.search(line):
                    epoch = int(match[1])
                elif match := coco.search(line):
                    scores.setdefault(epoch, []).append(float(match[1]))
                elif line.startswith("mAP=") or re.match(r"=[\d.]+$", line):
                    scores.setdefault(epoch, []).append(float(line.partition("=")[2]))


def grep(paths: list[Path]) -> None:
    """`grep -c` of the lines that name an epoch: what merely looking costs."""
    subprocess.run(["grep", "-c", r"\[Epoch ", *map(str, paths)], check=True, capture_output=True)


def main(rounds: int = 7) -> None:
    paths, kind = logs()
    megabytes = sum(p.stat().st_size for p in paths) / 1e6
    candidates: dict[str, Callable[[], object]] = {
        "plotting loop (reads less)": lambda: plotting_loop(paths),
        "convlens: summary and curve": lambda: with_convlens(paths),
        "line by line, the same figures": lambda: line_by_line(paths),
        "grep -c": lambda: grep(paths),
    }
    title = f"Reading {len(paths)} {kind}, {megabytes:.0f} MB"
    report(title, side_by_side(candidates, rounds), "plotting loop (reads less)", megabytes)
