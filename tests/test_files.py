"""Files are written whole or not at all, and what is no regular file is never replaced."""

import os
import stat
import sys
import threading
from pathlib import Path

import pytest

from convlens import ConvlensError
from convlens.files import written_whole


def write(path, text="new"):
    with written_whole(path) as temporary:
        temporary.write_text(text)


def test_a_file_is_written_with_its_folders(tmp_path):
    write(tmp_path / "some" / "where" / "a.txt")
    assert (tmp_path / "some" / "where" / "a.txt").read_text() == "new"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, OSError])
@pytest.mark.parametrize("before", [None, "before"])
def test_a_failure_leaves_what_was_there(tmp_path, error, before):
    path = tmp_path / "a.txt"
    if before:
        path.write_text(before)

    def fail():
        with written_whole(path) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(ConvlensError if error is OSError else error):
        fail()
    assert [p.name for p in tmp_path.iterdir()] == (["a.txt"] if before else [])
    assert not before or path.read_text() == before


def test_the_file_appears_at_the_end_only(tmp_path):
    path = tmp_path / "a.txt"
    with written_whole(path) as temporary:
        temporary.write_text("new")
        assert not path.exists()
        assert temporary.parent == tmp_path
    assert path.read_text() == "new"


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_permissions_are_those_of_the_file_or_of_the_umask(tmp_path):
    private, fresh = tmp_path / "private.txt", tmp_path / "fresh.txt"
    private.touch(mode=0o600)
    old = os.umask(0o027)
    try:
        write(private)
        write(fresh)
    finally:
        os.umask(old)
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert stat.S_IMODE(fresh.stat().st_mode) == 0o640


def test_links_are_followed(tmp_path):
    target, link = tmp_path / "target.txt", tmp_path / "link.txt"
    target.write_text("before")
    link.symlink_to(target)
    write(link)
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_a_device_is_written_to_and_never_replaced(tmp_path):
    link = tmp_path / "null"
    link.symlink_to(os.devnull)
    write(link)
    assert link.is_symlink()
    assert not Path(os.devnull).is_file()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a FIFO")
def test_a_fifo_is_written_to(tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    read = []
    reader = threading.Thread(target=lambda: read.append(fifo.read_text()))
    reader.start()
    write(fifo)
    reader.join(timeout=20)
    assert read == ["new"]
    assert stat.S_ISFIFO(fifo.stat().st_mode)


def test_a_place_that_cannot_be_written_is_told_in_one_sentence(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    for path, why in (
        (tmp_path / "file" / "a.txt", ("Not a directory", "File exists", "cannot find")),
        (tmp_path / "folder", ("Is a directory", "denied", "not permitted")),
        (tmp_path / ("x" * 300), ("too long", "cannot find", "Invalid argument")),
    ):
        with pytest.raises(ConvlensError) as error:
            write(path)
        assert str(error.value).startswith(f"{path}: cannot be written: ")
        assert any(part in str(error.value) for part in why)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder"]


def test_a_long_name_is_written(tmp_path):
    path = tmp_path / ("x" * 255)
    write(path)
    assert path.read_text() == "new"
