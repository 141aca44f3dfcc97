"""Time and memory of reading each log, beside its size and the plotting loop on the same log."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.reading import logs, plotting_loop, with_convlens


def fastest(run: Callable[[list[Path]], None], path: Path, rounds: int) -> float:
    """Milliseconds of the fastest of some rounds."""
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        run([path])
        times.append(time.perf_counter() - begun)
    return min(times) * 1000


def peak(run: Callable[[list[Path]], None], path: Path) -> float:
    """The most memory that Python and numpy held at once while reading, in MB."""
    tracemalloc.start()
    try:
        run([path])
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def main(rounds: int = 5) -> None:
    paths, kind = logs()
    with_convlens(paths[:1])  # imports pandas
    print(f"\nReading each of {len(paths)} {kind} (fastest of {rounds}; peak memory)")
    for path in paths:
        megabytes = path.stat().st_size / 1e6
        ours, loop = (fastest(run, path, rounds) for run in (with_convlens, plotting_loop))
        most = peak(with_convlens, path)
        ratio, times = f"{ours / loop:5.2f}x of plotting loop", f"{most / megabytes:5.1f}x of the log"
        print(f"  {path.stem:44s} {megabytes:5.2f} MB {ours:7.1f} ms {ratio} {most:6.1f} MB {times}")
