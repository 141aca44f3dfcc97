"""Logs that were fetched: kept whole or not at all, checked, and told apart from what was not awaited."""

import gzip
import hashlib
import json
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from convlens import zoo
from convlens.errors import SourceError, UnreachableError
from convlens.sources import cache, fetch, obtain, urls
from tests.server import LOG, hang_up, send, send_gzip, unchanging

SHA256 = hashlib.sha256(LOG).hexdigest()
OTHER = LOG + b"more\n"


@pytest.fixture
def folder(server, tmp_path) -> Path:
    """The cache, where the URL of the server is the only one that is fetched."""
    return tmp_path / "cache"


def files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def data(url, **options):
    return obtain(url, **options)[1].data


def test_a_log_is_fetched_and_kept(server, folder):
    path = fetch(server.url)
    assert path.read_bytes() == LOG
    assert path.name == "a.log"
    assert files(folder) == sorted([path, path.parents[1] / "entry.json"])
    assert data(server.url, offline=True) == LOG
    assert len(server.seen) == 1


def test_what_is_kept_is_the_log_and_not_how_it_was_sent(server, folder):
    server.answers = [send_gzip(gzip.compress(LOG))]
    assert fetch(server.url).read_bytes() == LOG


def test_an_unchanged_log_is_not_sent_again(server, folder):
    server.answers = [unchanging()]
    first, again = fetch(server.url), fetch(server.url)
    assert (first, again.read_bytes()) == (again, LOG)
    assert server.seen[1]["If-None-Match"] == '"1"'


def test_a_changed_log_replaces_the_kept_one(server, folder):
    server.answers = [unchanging(), unchanging(OTHER, '"2"')]
    old = fetch(server.url)
    os.utime(old.parent, (0, 0))
    new = fetch(server.url)
    assert new.read_bytes() == data(server.url, offline=True) == OTHER
    assert files(folder) == sorted([new, new.parents[1] / "entry.json"])
    assert not old.parent.exists()


def test_what_may_still_be_in_use_stays_for_an_hour(server, folder):
    server.answers = [send(LOG), send(OTHER), send(LOG + OTHER)]
    first, second = fetch(server.url), fetch(server.url)
    left = second.parents[1] / ".convlens-killed"
    left.write_bytes(LOG[:100])
    assert first.exists()
    for path in (first.parent, left):
        os.utime(path, (time.time() - 3700,) * 2)
    third = fetch(server.url)
    assert [path.exists() for path in (first, left, second, third)] == [False, False, True, True]


def test_urls_do_not_get_in_each_others_way(server, folder):
    server.answers = [send(b"1"), send(b"2"), send(b"3")]
    for number, path in enumerate(("a.log", "a.log?x", "b/a.log"), 1):
        assert data(f"http://{server.host}/{path}") == b"%d" % number
    server.answers = [send(b"4")]
    assert data(f"http://{server.host}/a.log", offline=True) == b"1"
    assert data(f"http://{server.host}/a.log#L10", offline=True) == b"1"


@pytest.mark.parametrize("url", ["http://me:hunter2@{}/a.log", "http://{}/a.log?token=hunter2"])
def test_passwords_are_stored_nowhere(server, folder, url):
    kept, _ = obtain(url.format(server.host))
    assert "hunter2" not in repr(kept)
    for path in folder.rglob("*"):
        assert "hunter2" not in path.name
        assert path.is_dir() or b"hunter2" not in path.read_bytes()
    plain = hashlib.sha256(url.format(server.host).replace("me:hunter2@", "").encode()).hexdigest()
    assert plain.startswith(kept.path.parents[1].name)  # a hash of a weak password would give it away
    server.answers = [send(b"", 404)]
    with pytest.raises(SourceError, match="404") as caught:
        obtain(url.format(server.host))
    assert "hunter2" not in str(caught.value)


def test_the_folder_is_the_users_alone(server, folder):
    fetch(server.url)
    assert folder.stat().st_mode & 0o077 == 0


def test_a_log_of_a_known_hash_is_fetched_once_and_for_all(server, folder):
    for _ in range(2):
        assert fetch(server.url, SHA256, len(LOG)).read_bytes() == LOG
    assert len(server.seen) == 1


def test_another_log_than_the_one_awaited_is_refused_and_not_kept(server, folder):
    with pytest.raises(SourceError, match=rf"another log .*: {len(LOG):,} bytes .*, not 12 bytes with 0000"):
        fetch(server.url, "0" * 64, 12)
    assert files(folder) == []
    with pytest.raises(SourceError, match="another log"):
        fetch(server.url, "0" * 64)


def test_a_kept_log_of_another_hash_does_not_stand_for_the_one_awaited(server, folder):
    server.answers = [unchanging(OTHER), unchanging(LOG, '"1"')]
    fetch(server.url)
    with pytest.raises(SourceError, match="not in the cache"):
        fetch(server.url, SHA256, offline=True)
    assert fetch(server.url, SHA256).read_bytes() == LOG
    assert "If-None-Match" not in server.seen[1]


def test_the_catalogue_says_what_a_url_must_give(server, folder, monkeypatch):
    known = replace(zoo.catalog.entries()[0], url=server.url, size=len(LOG), sha256=SHA256)
    monkeypatch.setattr(cache, "entries", lambda: (known,))
    server.answers = [send(OTHER), send(LOG)]
    with pytest.raises(SourceError, match="another log"):
        fetch(server.url)
    for _ in range(2):
        assert fetch(f"{server.url}#L10").read_bytes() == LOG
    assert len(server.seen) == 2


def test_the_catalogue_is_asked_by_url():
    known = [entry for entry in zoo.catalog.entries() if entry.sha256]
    assert known
    assert all(urls.address(entry.url) == entry.url for entry in known)


@pytest.mark.parametrize("offline", [True, False])
def test_offline_asks_the_cache_alone(server, folder, monkeypatch, offline):
    if not offline:
        monkeypatch.setenv("CONVLENS_OFFLINE", "1")
    with pytest.raises(SourceError, match="not in the cache, and --offline or CONVLENS_OFFLINE forbids"):
        fetch(server.url, offline=offline)
    assert server.seen == []
    assert not folder.exists()


@pytest.mark.parametrize(
    ("value", "offline"),
    [
        ("1", True),
        ("true", True),
        ("YES", True),
        ("", False),
        ("0", False),
        ("False", False),
        (" no ", False),
    ],
)
def test_the_variable_says_yes_or_no(monkeypatch, value, offline):
    monkeypatch.setenv("CONVLENS_OFFLINE", value)
    assert cache.offline_wanted() is offline


def test_the_cache_is_the_users_unless_another_is_named(monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    monkeypatch.setenv("CONVLENS_CACHE", "")
    assert cache.cache_folder() == Path("/somewhere/convlens")
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("CONVLENS_CACHE", "~/logs")
    assert cache.cache_folder() == Path("/home/me/logs")


@pytest.mark.parametrize("answer", [hang_up, send(b"", 503), send(LOG[:9], length=10)])
def test_where_the_server_is_gone_the_kept_log_is_given_and_said_to_be_old(server, folder, answer):
    server.answers = [send(), answer]
    assert obtain(server.url)[0].stale == ""
    kept, known = obtain(server.url)
    assert known.data == LOG
    assert kept.stale.startswith("the server ")
    assert obtain(server.url, offline=True)[0].stale == ""


def test_where_there_is_nothing_to_fall_back_on(server, folder):
    server.answers = [hang_up]
    with pytest.raises(UnreachableError):
        fetch(server.url)
    assert files(folder) == []


@pytest.mark.parametrize(
    "answer",
    [
        send(b"", 404),
        send(b"<html>", Content_Type="text/html"),
        send_gzip(gzip.compress(LOG)[:-9]),
        send(b""),
        send(b'{"message": "try later"}'),
    ],
)
def test_what_is_no_log_does_not_replace_one(server, folder, answer):
    server.answers = [send(), answer]
    day = obtain(server.url)[0].fetched[:10]
    with pytest.raises(SourceError, match=f"--offline would read what was fetched on {day}"):
        fetch(server.url)
    assert data(server.url, offline=True) == LOG


DEEP = b"[" * 100_000
DAMAGE = [
    b"",
    b"{}",
    b"no json",
    LOG,
    b'{"sha256": 1}',
    b"[]",
    b"\xff",
    DEEP,
    b'{"sha256": "../../../../a\\u0000"}',
]


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_entry_is_none(server, folder, damage):
    path = fetch(server.url)
    (path.parents[1] / "entry.json").write_bytes(damage)
    with pytest.raises(SourceError, match="not in the cache"):
        fetch(server.url, offline=True)
    assert fetch(server.url) == path
    assert data(server.url, offline=True) == LOG


@pytest.mark.parametrize("damage", [LOG[:-1] + b"!", LOG[:-1], LOG + b"\n", b""])
def test_a_damaged_log_is_none(server, folder, damage):
    server.answers = [unchanging()]
    path = fetch(server.url)
    path.write_bytes(damage)
    with pytest.raises(SourceError, match="not in the cache"):
        fetch(server.url, offline=True)
    assert fetch(server.url).read_bytes() == LOG


def test_a_cache_that_cannot_be_written_is_told_before_anything_is_fetched(server, tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("")
    for place in (blocked, blocked / "below"):
        monkeypatch.setenv("CONVLENS_CACHE", str(place))
        with pytest.raises(SourceError, match=rf"cannot be kept in the cache {place} \(.*CONVLENS_CACHE"):
            fetch(server.url)
    monkeypatch.setenv("CONVLENS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(SourceError, match=r"\(Permission denied\)"):
        fetch(server.url)
    assert server.seen == []


def test_a_full_disk_is_told_and_leaves_the_kept_log(server, folder, monkeypatch):
    server.answers = [send(), send(OTHER)]
    fetch(server.url)

    def full(self, content):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", full)
        with pytest.raises(SourceError, match=r"cannot be kept .*\(No space left on device\)"):
            fetch(server.url)
    assert data(server.url, offline=True) == LOG
    assert json.loads((files(folder)[-1]).read_text())["sha256"] == SHA256


def test_a_kept_log_is_read_again_until_it_is_gone(server, folder):
    packed = gzip.compress(LOG)
    server.answers = [send(packed)]
    kept, answer = obtain(f"{server.url}.gz")
    assert answer.data == kept.path.read_bytes() == packed
    assert kept.read() == LOG
    kept.path.unlink()
    with pytest.raises(SourceError, match="no longer in the cache"):
        kept.read()
