"""Opening a log: regular files and standard input, gzip or not, with caps."""

import gzip
import io
import os
import sys
import zlib
from pathlib import Path

import pytest

from convlens import ConvlensError, read_log
from convlens.errors import SourceError
from convlens.sources import files, open_source
from tests.handmade import epochs, log, start, voc

TEXT = log(start(), epochs(0, 5), voc(5, 0.5)).encode()


@pytest.fixture
def write(tmp_path):
    def put(data: bytes, name: str = "a.log") -> str:
        path = tmp_path / name
        path.write_bytes(data)
        return str(path)

    return put


def test_a_plain_file(write):
    data, stamp = open_source(write(TEXT))
    assert data == TEXT
    assert stamp[0] == len(TEXT)


@pytest.mark.parametrize("name", ["a.log.gz", "a.log", "a"])
def test_gzip_is_known_by_its_bytes(write, name):
    assert open_source(write(gzip.compress(TEXT), name))[0] == TEXT


def test_a_gzip_of_several_members(write):
    middle = len(TEXT) // 2
    data = gzip.compress(TEXT[:middle]) + gzip.compress(b"") + gzip.compress(TEXT[middle:])
    assert open_source(write(data))[0] == TEXT


@pytest.mark.parametrize("left", [0.2, 0.5, 0.9, 0.99])
def test_of_a_cut_gzip_all_that_can_be_unpacked_is_read(write, left):
    """A download that stopped: what is there is a log that was cut."""
    random = os.urandom(20_000)  # does not compress, so that the parts are in proportion
    packed = gzip.compress(random)
    data = open_source(write(packed[: int(len(packed) * left)]))[0]
    assert random.startswith(data)
    assert len(data) > 0.9 * left * len(random) - 1000


def test_a_cut_gzip_of_a_log(write):
    lines = log(start(), epochs(0, 400)).encode()
    run = read_log(write(gzip.compress(lines)[:-900], "a.log.gz"))
    assert 10 < run.summary.epochs < 401
    whole = read_log(write(lines, "b.log")).curve
    complete = run.curve[run.curve["complete"]]
    assert complete["CrossEntropy"].tolist() == whole.loc[complete.index, "CrossEntropy"].tolist()


@pytest.mark.parametrize(
    "data", [b"\x1f\x8b", b"\x1f\x8b\x08\x00" + b"\xff" * 100, gzip.compress(TEXT)[:-8] + b"\0" * 8]
)
def test_a_broken_gzip_is_told(write, data):
    with pytest.raises(ConvlensError):
        read_log(write(data))


def test_a_bomb_is_not_unpacked(write, monkeypatch):
    """A thousandth of its size on disk: unpacking stops at the cap, not at the end."""
    monkeypatch.setattr(files, "LARGEST", 1 << 16)
    unpacked = []

    class Watched:
        def __init__(self, real):
            self.real = real

        def decompress(self, data, most=0):
            part = self.real.decompress(data, most)
            unpacked.append(len(part))
            return part

        def __getattr__(self, name):
            return getattr(self.real, name)

    make = zlib.decompressobj
    monkeypatch.setattr(files.zlib, "decompressobj", lambda **options: Watched(make(**options)))
    with pytest.raises(SourceError, match="larger than"):
        open_source(write(gzip.compress(bytes(50 << 20))))
    assert sum(unpacked) <= (1 << 16) + 1
    with pytest.raises(SourceError, match="larger than"):
        open_source(write(gzip.compress(bytes(1 << 15)) * 10))


def test_a_large_file_is_not_read(write, monkeypatch):
    monkeypatch.setattr(files, "LARGEST", len(TEXT))
    assert open_source(write(TEXT))[0] == TEXT
    with pytest.raises(SourceError, match="larger than"):
        open_source(write(TEXT + b"\n"))


def test_what_is_not_there(tmp_path):
    with pytest.raises(SourceError, match="no such file"):
        open_source(str(tmp_path / "nothing.log"))


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(SourceError):
        open_source(str(tmp_path))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no FIFOs")
def test_a_fifo_is_not_waited_for(tmp_path):
    """Nobody writes to it: opening it for reading would wait for ever."""
    path = tmp_path / "a.log"
    os.mkfifo(path)
    with pytest.raises(SourceError, match="not a regular file"):
        open_source(str(path))
    with pytest.raises(SourceError, match="not a regular file"):
        read_log(path)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="this system has no /dev/zero")
def test_a_device_is_no_log():
    with pytest.raises(SourceError, match="not a regular file"):
        read_log("/dev/zero")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read(write):
    path = write(TEXT)
    Path(path).chmod(0)
    with pytest.raises(SourceError, match="cannot be opened"):
        open_source(path)


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_standard_input(monkeypatch, pack):
    """It can be read once only, so its late tables are made of what is kept."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(pack(TEXT))))
    run = read_log("-")
    assert run.name == "stdin"
    assert run.summary.epochs == 6
    assert len(run.batches) == 18
    assert run.class_ap.loc[(0, 5, "aeroplane"), "ap"] == pytest.approx(40)


def test_empty_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    with pytest.raises(ConvlensError, match="empty"):
        read_log("-")
