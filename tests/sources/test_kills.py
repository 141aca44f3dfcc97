"""A fault at every stage of a download, in one of two processes at once: the cache is never poisoned."""

import multiprocessing
import os
import random
import shutil
import signal
import sys
from itertools import count, product
from pathlib import Path

import pytest

from convlens.errors import SourceError
from convlens.sources import obtain
from tests.server import hang_up, raw, send, unchanging

OLD, NEW = (random.Random(seed).randbytes(200_000).hex().encode() for seed in (1, 2))
HEAD = b'HTTP/1.1 200 OK\r\nETag: "2"\r\nContent-Length: %d\r\n' % len(NEW)
ANSWERS = {
    "hangs up": hang_up,
    "is out of order": send(b"", 500),
    "ends in the headers": raw(HEAD),
    "ends before the body": raw(HEAD + b"\r\n"),
    "ends in the body": raw(HEAD + b"\r\n", NEW[:100_000]),
    "ends a byte too early": raw(HEAD + b"\r\n", NEW[:-1]),
    "ends cut gzip": send(NEW[:1000], Content_Encoding="gzip"),
}
BYTES = {"at the begin": 0, "at the first bytes": 1, "half way": len(NEW) // 2, "at the end": len(NEW)}
WRITES = {"with half of the log written": "write_bytes", "with half of the entry written": "write_text"}
TOUCHES = 26  # a fetch opens, makes, renames, changes, lists and removes less in the cache


WHOLE, TOLD, OLDER, WRONG = 0, 2, 3, 4  # exit codes


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def fetch(url, cache, fault, barrier):
    """What one process does; its exit code says what it got."""
    os.environ["CONVLENS_CACHE"] = cache
    from urllib3.util import Retry

    Retry.sleep = lambda *_: None
    if fault in WRITES:
        real = getattr(Path, WRITES[fault])
        setattr(Path, WRITES[fault], lambda path, data: (real(path, data[: len(data) // 2]), die()))
    touched = count(1)

    def watch(event, arguments):
        if arguments and str(arguments[0]).startswith(cache) and next(touched) == fault:
            die()

    sys.addaudithook(watch)
    barrier.wait()
    try:
        data = obtain(url, progress=lambda size, _: size >= BYTES.get(fault, 10**9) and die())[1].data
    except SourceError:
        sys.exit(TOLD)
    sys.exit({NEW: WHOLE, OLD: OLDER}.get(data, WRONG))


def kept(url):
    """What the cache holds, if anything."""
    try:
        return obtain(url, offline=True)[1].data
    except SourceError:
        return None


@pytest.fixture(scope="module")
def start():
    """Starts processes that have loaded all they need."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["convlens.sources", "requests", __name__])

    def begin(url, cache, faults):
        barrier = context.Barrier(len(faults))
        processes = [context.Process(target=fetch, args=(url, str(cache), f, barrier)) for f in faults]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        return [process.exitcode for process in processes]

    return begin


@pytest.mark.skipif(os.name != "posix", reason="needs signals and fork")
@pytest.mark.parametrize(
    ("before", "times"),
    [
        pytest.param(OLD, 1, id="briefly"),
        pytest.param(OLD, 25, id="an older log", marks=pytest.mark.slow),
        pytest.param(None, 25, id="nothing", marks=pytest.mark.slow),
    ],
)
def test_a_fault_at_every_stage_leaves_a_whole_log_or_none(server, start, tmp_path, before, times):
    """Each stage is met with a healthy process beside it, and with one that meets the same fault."""
    url, cache, template = server.url, tmp_path / "cache", tmp_path / "template"
    cache.mkdir()
    if before:
        server.answers = [unchanging(before)]
        os.utime(obtain(url)[0].path.parent, (0, 0))  # so that it is removed with the newer log
    cache.rename(template)
    died = set()
    for fault, alike in product([*range(1, TOUCHES), *BYTES, *WRITES, *ANSWERS], [False, True] * times):
        shutil.rmtree(cache, ignore_errors=True)
        shutil.copytree(template, cache)
        good = unchanging(NEW, '"2"')
        server.answers = [*[ANSWERS.get(fault, good)] * 5, good]  # 4 of them are as many as a process bears
        codes = start(url, cache, [fault, fault if alike else None])
        if -signal.SIGKILL in codes:
            died.add(fault)
        if fault in ANSWERS:
            assert set(codes) <= {WHOLE, TOLD, OLDER if before else TOLD}
            assert kept(url) in (before, NEW)
        else:
            assert set(codes) <= {WHOLE, -signal.SIGKILL}
            assert kept(url) in (before, NEW) if alike else (kept(url), codes[1]) == (NEW, WHOLE)
        server.answers = [good]
        assert obtain(url)[1].data == kept(url) == NEW
    assert died >= {*BYTES, *WRITES}
    assert 10 < max(fault for fault in died if isinstance(fault, int)) < TOUCHES - 1
