"""Times things side by side: in turn, several rounds, ratios pair by pair, so that a slow moment hits all."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping


def side_by_side(candidates: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each candidate in each round, after one round that is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in candidates}
    for number in range(rounds + 1):
        for name, run in candidates.items():
            begun = time.perf_counter()
            run()
            if number:
                seconds[name].append(time.perf_counter() - begun)
    return seconds


def report(
    title: str, seconds: Mapping[str, list[float]], reference: str, megabytes: float | None = None
) -> None:
    """Print each candidate's median, and its ratio to the reference (median, lowest and highest round)."""
    print(f"\n{title}")
    for name, times in seconds.items():
        ratios = [t / r for t, r in zip(times, seconds[reference], strict=True)]
        median = statistics.median(times)
        speed = f"{megabytes / median / 1000:6.2f} GB/s" if megabytes else ""
        spread = f"{statistics.median(ratios):5.2f}x ({min(ratios):.2f}-{max(ratios):.2f})"
        print(f"  {name:44s} {median * 1000:8.1f} ms {speed}  {spread} of {reference}")
