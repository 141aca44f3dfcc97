"""`convlens zoo fetch`: the whole program, with a server on this machine in place of the published one."""

import hashlib
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from convlens import read_log
from convlens.zoo import catalog
from convlens.zoo.catalog import entries, find_entry, select
from tests.cli.test_terminal import ESCAPE, in_a_terminal
from tests.server import LOG, hang_up, raw, send
from tests.writing import ssd_log

NAMES = ("ssd_300_vgg16_atrous_voc", "ssd_512_resnet50_v1_voc", "ssd_512_vgg16_atrous_voc", "resnet101_v1")
# The program with one published log, whose address, size and hash are its first arguments.
OF_ONE_LOG = """
import sys
from dataclasses import replace
from convlens.zoo import catalog
url, size, sha256 = sys.argv[1:4]
del sys.argv[1:4]
one = replace(catalog.find_entry("resnet101_v1"), url=url, size=int(size), sha256=sha256)
catalog.entries = lambda: (one,)
from convlens.cli.app import main
main()
"""


class Site:
    """Serves made logs as if they were the published ones, and of all others nothing."""

    def __init__(self, server, monkeypatch):
        self.server = server
        self.logs = {f"/{name}.log": ssd_log(seed=n).encode() for n, name in enumerate(NAMES)}
        known = []
        for entry in entries():
            path = f"/{entry.name}.log"
            body = self.logs.get(path, b"")
            facts = {"size": len(body), "sha256": hashlib.sha256(body).hexdigest()}
            known.append(replace(entry, url=f"http://{server.host}{path}", **facts))
        monkeypatch.setattr(catalog, "entries", lambda: tuple(known))
        server.answers = [self.answer]

    def without_hash(self, name, monkeypatch):
        """The catalogue knows of this log neither size nor hash."""
        plain = {"size": None, "sha256": None}
        known = [replace(e, **plain) if e.name == name else e for e in catalog.entries()]
        monkeypatch.setattr(catalog, "entries", lambda: tuple(known))

    def answer(self, handler):
        """What is served of a path; a test may put an answer in the place of a log."""
        found = self.logs.get(handler.path, b"")
        (found if callable(found) else send(found, 200 if found else 404))(handler)

    def asked(self):
        """The paths that were asked for since the last time."""
        paths = [request["path"] for request in self.server.seen]
        self.server.seen.clear()
        return paths


@pytest.fixture
def site(server, monkeypatch):
    return Site(server, monkeypatch)


def test_a_log_is_fetched_once_and_its_name_is_read_from_it(site, invoke, tmp_path):
    done = invoke("zoo", "fetch", "ssd_512_resnet50_v1_voc")
    assert (done.code, done.err) == (0, "")
    path = Path(done.out.strip())
    assert path.is_relative_to(tmp_path / "cache")
    assert path.read_bytes() == site.logs["/ssd_512_resnet50_v1_voc.log"]
    again = invoke("zoo", "fetch", "SSD_512_ResNet50_v1_VOC")
    assert (again.code, again.out) == (0, done.out)
    assert site.asked() == ["/ssd_512_resnet50_v1_voc.log"]
    run, log = read_log("ssd_512_resnet50_v1_voc"), read_log(path)
    assert (run.name, run.source) == ("ssd_512_resnet50_v1_voc", "zoo:ssd_512_resnet50_v1_voc")
    assert run.batches.equals(log.batches)
    assert run.class_ap.equals(log.class_ap)
    assert run.published == find_entry(run.name).published
    assert site.asked() == []


def test_what_the_snapshot_lacks_can_be_compared_when_it_is_fetched(site, invoke):
    names = ("resnet101_v1", "ssd_300_vgg16_atrous_voc")
    before = invoke("compare", *names)
    assert (before.code, before.out) == (1, "")
    assert "get it with `convlens zoo fetch resnet101_v1`" in before.err
    assert site.asked() == []  # nothing is fetched that was not asked for
    assert invoke("zoo", "fetch", *names).code == 0
    assert site.asked() == ["/resnet101_v1.log", "/ssd_300_vgg16_atrous_voc.log"]
    done = invoke("compare", *names, "--format", "csv", "--offline")
    assert (done.code, done.err) == (0, "")
    assert [line.split(",")[0] for line in done.out.splitlines()[1:]] == list(names)
    assert site.asked() == []


def test_the_list_tells_what_is_in_the_cache(site, invoke):
    invoke("zoo", "fetch", "resnet101_v1")
    lines = [line.split() for line in invoke("zoo", "list", "--available").out.splitlines()]
    assert ["resnet101_v1", "imagenet", "78.34", "top-1", "cache"] in lines
    assert ["ssd_512_resnet50_v1_voc", "voc", "80.1", "mAP", "snapshot"] in lines


def test_copies_go_to_a_folder(site, invoke, tmp_path):
    folder = tmp_path / "new" / "logs"
    done = invoke("zoo", "fetch", "resnet101_v1", "ssd_512_vgg16_atrous_voc", "-o", str(folder))
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        str(folder / "resnet101_v1.log"), str(folder / "ssd_512_vgg16_atrous_voc.log"),
    ]  # fmt: skip
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        name: site.logs[f"/{name}"] for name in ("resnet101_v1.log", "ssd_512_vgg16_atrous_voc.log")
    }


def test_logs_are_chosen_by_what_they_are_of(site, invoke):
    chosen = ("--task", "detection", "--detector", "ssd", "--dataset", "voc")
    done = invoke("zoo", "fetch", *chosen)
    names = [entry.name for entry in select("", "detection", "ssd", "voc")]
    assert site.asked() == [f"/{name}.log" for name in names]
    assert {Path(line).stem for line in done.out.splitlines()} == set(NAMES[:3])
    absent = (
        f"http://{site.server.host}/ssd_512_mobilenet1.0_voc.log: does not exist on the server (HTTP 404)"
    )
    assert (done.code, done.err) == (1, f"convlens: {absent}\n")


def test_all_are_chosen_by_one_word(site, invoke):
    done = invoke("zoo", "fetch", "--all")
    assert site.asked() == [f"/{entry.name}.log" for entry in entries()]
    assert (done.code, len(done.out.splitlines()), len(done.err.splitlines())) == (
        1,
        len(NAMES),
        203 - len(NAMES),
    )


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (b"", "does not exist on the server (HTTP 404)"),
        (ssd_log(seed=99).encode(), "is another log than the one awaited"),
        (hang_up, ""),
    ],
    ids=["absent", "other", "gone"],
)
def test_one_that_fails_is_told_and_the_others_go_on(site, invoke, fault, told):
    good = site.logs["/ssd_512_resnet50_v1_voc.log"]
    site.logs["/ssd_512_resnet50_v1_voc.log"] = fault
    names = ("ssd_300_vgg16_atrous_voc", "no_such_name", "ssd_512_resnet50_v1_voc", "resnet101_v1")
    done = invoke("zoo", "fetch", *names)
    assert done.code == 1
    assert [Path(line).name for line in done.out.splitlines()] == [f"{names[0]}.log", f"{names[3]}.log"]
    unknown, failed = done.err.splitlines()
    assert unknown == "convlens: no_such_name: no published log has this name; `convlens zoo list` shows all"
    assert failed.startswith(f"convlens: http://{site.server.host}/ssd_512_resnet50_v1_voc.log: ")
    assert told in failed
    site.asked()
    site.logs["/ssd_512_resnet50_v1_voc.log"] = good
    rest = invoke("zoo", "fetch", names[0], *names[2:])
    assert (rest.code, rest.err, len(rest.out.splitlines())) == (0, "", 3)
    assert set(site.asked()) == {"/ssd_512_resnet50_v1_voc.log"}  # it goes on where it was


def test_nothing_named_is_a_usage_error(invoke):
    done = invoke("zoo", "fetch", "-o", "logs")
    assert (done.code, done.out) == (2, "")
    assert "name logs, or give --all, --task, --family or --dataset" in done.err


def test_a_wrong_filter_is_told_before_anything_is_fetched(site, invoke):
    done = invoke("zoo", "fetch", "resnet101_v1", "--task", "depht")
    assert (done.code, done.out) == (2, "")
    assert "Did you mean 'depth'?" in done.err
    assert site.asked() == []


def test_a_folder_that_cannot_be_written_is_told(site, invoke, tmp_path):
    (tmp_path / "file").touch()
    done = invoke("zoo", "fetch", "resnet101_v1", "-o", str(tmp_path / "file"))
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"convlens: {tmp_path / 'file' / 'resnet101_v1.log'}: cannot be written: ")


def test_batches_of_a_published_run_are_those_of_its_log(site, invoke):
    """The sentence that a run from the snapshot gives leads to them."""
    name = "ssd_512_resnet50_v1_voc"
    assert f"`convlens zoo fetch {name}`" in invoke("parse", name, "--table", "batches").err
    assert invoke("zoo", "fetch", name).code == 0
    done = invoke("parse", name, "--table", "batches")
    assert (done.code, done.err) == (0, "")
    assert len(done.out.splitlines()) == 1 + len(read_log(name).batches)
    assert np.isfinite(read_log(name).batches["CrossEntropy"]).all()


def test_a_log_without_a_known_hash_is_fetched_and_known_by_its_name(site, invoke, monkeypatch):
    name = "ssd_512_resnet50_v1_voc"
    site.without_hash(name, monkeypatch)
    assert invoke("zoo", "fetch", name).code == 0
    run = read_log(name)
    assert len(run.batches)
    assert (run.published, run.summary.published_map) == (((80.1, "mAP"),), 80.1)


@pytest.mark.skipif(sys.platform == "win32", reason="terminals of POSIX")
def test_a_terminal_shows_how_far_it_is(server, tmp_path):
    half = len(LOG) // 2
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(LOG)}\r\n\r\n".encode()
    server.answers = [raw(head, LOG[:half], LOG[half:], pause=0.3)]
    told = (server.url, str(len(LOG)), hashlib.sha256(LOG).hexdigest())
    program = [sys.executable, "-W", "error", "-c", OF_ONE_LOG, *told]
    shown = in_a_terminal("zoo", "fetch", "--all", cwd=tmp_path, columns=120, program=program)
    plain = ESCAPE.sub("", shown)
    assert "fetching logs" in plain
    assert "fetching resnet101_v1, 0.0 MB" in plain
    assert "50%" in plain
    assert plain.rstrip().endswith("a.log")


def test_filters_that_fit_nothing_say_so(invoke):
    done = invoke("zoo", "fetch", "--task", "pose", "--detector", "ssd")
    assert (done.code, done.out) == (0, "")
    assert done.err == "convlens: no published log fits all of these\n"
