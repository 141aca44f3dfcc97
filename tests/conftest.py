"""What all tests share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests import corpus as real
from tests.server import Server, serving

# A slow machine is no failure; what else the active profile says (as under CI) stays.
settings.register_profile("convlens", settings(), deadline=None)
settings.load_profile("convlens")

VARIABLE = "CONVLENS_CORPUS"


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache of the tests' own, empty: a name of the zoo is read from its log where that was fetched."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONVLENS_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of real logs, which are not part of the repository."""
    value = os.environ.get(VARIABLE)
    if not value:
        pytest.skip(f"reads real logs: set {VARIABLE} to a folder that holds them in logs/ and other/")
    folder = Path(value).expanduser().resolve()
    missing = [f"{name}/" for name in ("logs", "other") if not (folder / name).is_dir()]
    if missing:
        pytest.fail(f"{VARIABLE} names {folder}, which lacks {' and '.join(missing)}")
    return folder


@pytest.fixture(scope="session")
def real_log(request: pytest.FixtureRequest, corpus: Path) -> Path:
    """Each real log of a detector in turn."""
    return corpus / "logs" / request.param


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server on this machine, and an empty cache for what it gives: the folder `cache` of `tmp_path`."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "convlens_offline"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("CONVLENS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("urllib3.util.Retry.sleep", lambda *_: None)
    with serving() as served:
        yield served


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Repeat a test that uses `real_log` for every log there is."""
    if "real_log" in metafunc.fixturenames:
        found = real.names(Path(os.environ.get(VARIABLE, "/nowhere")).expanduser())
        metafunc.parametrize("real_log", found or ["none"], indirect=True, scope="session")


@pytest.hookimpl(tryfirst=True)  # before -m selects
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that uses the fixture."""
    for item in items:
        if "corpus" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.corpus)
