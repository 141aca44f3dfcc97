"""A report of forty runs: how long it takes, how large the page is, and when a browser first paints."""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from pathlib import Path

from convlens import read_logs, write_report
from tests.report.conftest import BROWSERS
from tests.writing import ssd_log

_NETWORKS = ("mobilenet1.0", "resnet50_v1", "vgg16_atrous", "resnet101_v1")
_PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"


def main(runs: int = 40, epochs: int = 240, rounds: int = 5) -> None:
    print(f"\nA report of {runs} runs of {epochs} epochs")
    with tempfile.TemporaryDirectory() as folder:
        paths = {}
        for k in range(runs):
            network = _NETWORKS[k % len(_NETWORKS)]
            path = Path(folder) / f"{k}.log"
            path.write_text(ssd_log(epochs, seed=k, lr=k / 1e4, save_prefix=f"ssd_512_{network}_voc"))
            paths[f"run {k}"] = path
        begun, used = time.perf_counter(), time.process_time()
        page = write_report(read_logs(paths), directory=Path(folder) / "report")
        print(f"  written in {time.perf_counter() - begun:.1f} s ({time.process_time() - used:.1f} s of CPU)")
        print(f"  {page.name}: {page.stat().st_size / 1e6:.2f} MB")
        browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
        if browser is None:
            print("  no browser is here to paint it")
        else:
            times = painted(page, browser, rounds)
            print(
                f"  first paint after {statistics.median(times):.0f} ms ({min(times):.0f}-{max(times):.0f})"
            )


def painted(path: Path, browser: str, rounds: int) -> list[float]:
    """Milliseconds from the start of the navigation to the first paint, each in a new context."""
    from playwright.sync_api import sync_playwright

    times = []
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        for _ in range(rounds):
            context = started.new_context()
            page = context.new_page()
            page.goto(path.as_uri())
            page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")
            times.append(page.evaluate(_PAINT))
            context.close()
        started.close()
    return times


if __name__ == "__main__":
    main()
