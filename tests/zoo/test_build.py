"""The script that makes the zoo's files makes those that are there."""

import gzip
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

from convlens.zoo.snapshot import FILE

SCRIPT = Path(__file__).parents[2] / ".tools" / "build_zoo.py"


@pytest.fixture(scope="module")
def built(corpus, tmp_path_factory):
    """The files of two builds."""
    folders = [tmp_path_factory.mktemp("zoo") for _ in range(2)]
    for folder in folders:
        command = [sys.executable, "-W", "error", SCRIPT, corpus / "logs", folder]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    return folders


@pytest.mark.parametrize("name", ["catalog.csv", FILE])
def test_two_builds_make_the_same_bytes(built, name):
    first, second = ((folder / name).read_bytes() for folder in built)
    assert first == second


@pytest.mark.parametrize("name", ["catalog.csv", FILE])
def test_the_files_of_the_package_are_those_that_are_built(built, name):
    """Unpacked: how gzip packs differs from one zlib to the next."""
    unpack = gzip.decompress if name == FILE else bytes
    made = unpack((built[0] / name).read_bytes()).splitlines()
    held = unpack(resources.files("convlens.zoo").joinpath(name).read_bytes()).splitlines()
    stale = [line[:60] for line in {*made} ^ {*held}]
    assert not stale, f"run .tools/build_zoo.py: these are not as it makes them: {stale}"
    assert made == held
