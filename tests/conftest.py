"""What all tests share."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# A slow machine is no failure; what else the active profile says (as under CI) stays.
settings.register_profile("convlens", settings(), deadline=None)
settings.load_profile("convlens")


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of real logs, which are not part of the repository."""
    value = os.environ.get("CONVLENS_CORPUS")
    if not value:
        pytest.skip("reads real logs: set CONVLENS_CORPUS to a folder that holds them in logs/ and other/")
    folder = Path(value).expanduser().resolve()
    missing = [f"{name}/" for name in ("logs", "other") if not (folder / name).is_dir()]
    if missing:
        pytest.fail(f"CONVLENS_CORPUS names {folder}, which lacks {' and '.join(missing)}")
    return folder


@pytest.hookimpl(tryfirst=True)  # before -m selects
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that uses the fixture."""
    for item in items:
        if "corpus" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.corpus)
