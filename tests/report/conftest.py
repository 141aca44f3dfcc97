"""A real browser, and reports of logs that tests make."""

import shutil
from pathlib import Path

import pytest

from convlens import read_logs, write_report
from tests.writing import ssd_log

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="session")
def browser():
    """Chromium, driven by playwright; the tests are skipped where either is missing."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip(f"no browser is here: one of {', '.join(BROWSERS)} must be on the path")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield started
        started.close()


def written(folder: Path, logs: dict[str, str], **options) -> Path:
    """The page of the report of some logs, by the names of the runs."""
    paths = {}
    for number, (name, text) in enumerate(logs.items()):
        paths[name] = folder / f"{number}.log"
        paths[name].write_text(text, encoding="utf-8")
    return write_report(read_logs(paths), directory=folder / "report", **options)


def three(**arguments) -> dict[str, str]:
    """Three runs of other backbones on one scale."""
    networks = ("mobilenet1.0", "resnet50_v1", "vgg16_atrous")
    return {
        name: ssd_log(30, seed=k, network=name, save_prefix=f"ssd_512_{name}_voc", **arguments)
        for k, name in enumerate(networks)
    }


@pytest.fixture(scope="session")
def page_of_three(tmp_path_factory) -> Path:
    return written(tmp_path_factory.mktemp("three"), three())
