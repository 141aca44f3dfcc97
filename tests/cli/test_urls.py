"""Commands on URLs: read as files are, offline, and with a sentence for whatever goes wrong."""

import json
import subprocess
import sys

import pytest

from tests.commands import commands
from tests.server import hang_up, send, unchanging

COMMANDS = commands()


@pytest.fixture
def served(server, logs):
    """The address of a.log on a server that holds nothing else."""
    server.answers = [unchanging((logs / "a.log").read_bytes())]
    return f"http://{server.host}/x/a.log"


def test_a_url_is_compared_as_the_file_is(convlens, invoke, served):
    done = convlens("compare", served, "b.log")
    assert (done.code, done.err) == (0, "")
    assert done.out == invoke("compare", "a.log", "b.log").out


def test_a_url_and_its_file_are_the_same_log(invoke, served):
    done = invoke("compare", served, "a.log", "b.log")
    assert done.code == 0
    assert "CL016" in done.out


@pytest.mark.parametrize("table", ["curve", "batches", "class_ap"])
def test_a_url_is_parsed_as_the_file_is(invoke, served, table):
    done = invoke("parse", f"{served}?raw=true#L1", "--table", table)
    assert (done.code, done.err) == (0, "")
    assert done.out == invoke("parse", "a.log", "--table", table).out


def test_offline_reads_what_was_fetched_and_asks_nobody(convlens, invoke, served, server):
    told = f"convlens: {served}: is not in the cache, and --offline or CONVLENS_OFFLINE forbids fetching it\n"
    for done in (convlens("parse", served, "--offline"), convlens("parse", served, CONVLENS_OFFLINE="1")):
        assert (done.code, done.out) == (1, "")
        assert done.err.startswith(told)
    assert server.seen == []
    online = invoke("parse", served)
    assert online.code == 0
    assert invoke("parse", served, "--offline") == online
    assert invoke("compare", served, "b.log", "--offline", "--classes", "1").code == 0
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    "name", [name for name, c in COMMANDS.items() if any(p.name == "sources" for p in c.params)]
)
def test_every_command_that_takes_sources_can_be_offline(name):
    parameters = {p.name: p for p in COMMANDS[name].params}
    assert parameters["offline"].opts == ["--offline"]
    assert "URLs" in parameters["sources"].help


def test_a_server_that_is_gone_is_told_in_a_finding(invoke, served, server):
    before = invoke("compare", served, "b.log")
    server.answers = [hang_up]
    done = invoke("compare", served, "b.log")
    assert (done.code, done.err) == (0, "")
    new = set(done.out.splitlines()) - set(before.out.splitlines())
    assert any("CL024" in line for line in new)


def test_what_cannot_be_fetched_is_told_and_passed_over(invoke, served, server):
    gone, page = f"http://{server.host}/gone.log", f"http://{server.host}/o/r/-/blob/main/page.log"
    server.answers = [server.answers[0], send(b"", 404), send(b"<!doctype html>")]
    done = invoke("parse", served, gone, page)
    assert done.code == 1
    assert done.err.splitlines() == [
        f"convlens: {gone}: does not exist on the server (HTTP 404)",
        f"convlens: {page}: is a web page, not a log: the file itself is at {page.replace('blob', 'raw')}",
    ]
    assert done.out == invoke("parse", "a.log").out


def test_what_is_fetched_and_no_log_is_told_by_its_url(invoke, served, server):
    server.answers = [send(b"hello\nworld\n"), send(b"\x1f\x8b\x08\x00" + b"\xff" * 99)]
    done = invoke("parse", served, f"{served}.gz")
    assert done.code == 1
    no_log, broken, _ = done.err.splitlines()
    assert no_log.startswith(f"convlens: {served}: no epoch lines found")
    assert broken.startswith(f"convlens: {served}.gz: broken gzip data")


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_passwords_are_never_shown(invoke, served, server, form):
    secret = served.replace("http://", "http://me:hunter2@") + "?token=hunter2"
    for answer in (server.answers[0], hang_up, send(b"", 404), send(b"<html>")):
        server.answers = [answer]
        done = invoke("compare", secret, "b.log", "--format", form)
        assert "hunter2" not in done.out + done.err


def test_where_a_run_is_from_is_told_without_its_password(invoke, served):
    secret = served.replace("http://", "http://me:hunter2@") + "?token=hunter2"
    document = json.loads(invoke("compare", secret, "b.log", "--format", "json").out)
    assert document["runs"][0]["sources"] == [f"{served}?token=…"]


def test_files_alone_need_no_requests(logs):
    code = """
import atexit, sys
from convlens.cli.app import main
sys.argv = ["convlens", "compare", "a.log", "b.log"]
atexit.register(lambda: print({"requests", "urllib3", "platformdirs"} & set(sys.modules)))
main()
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=logs, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "set()"
