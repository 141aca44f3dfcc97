"""What of a URL is shown, stored, asked for and taken as a name."""

import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convlens.errors import SourceError
from convlens.sources import resolve, urls


def labels(*sources):
    return [source.label for source in resolve(sources)]


@pytest.mark.parametrize(
    ("url", "label"),
    [
        ("https://host.org/logs/ssd_base.log", "ssd_base"),
        ("https://host.org/yolo3_mobilenet1.0_train.log?raw=true&x=/y.log#L10", "yolo3_mobilenet1.0"),
        ("HTTPS://host.org/a.log.gz", "a"),
        ("https://host.org/exp7/logs/train.log", "exp7"),
        ("https://host.org/exp7/logs/train.log/", "exp7"),
        ("https://host.org/a%20b%2Fc.log", "a b/c"),
        ("https://host.org/%E5%90%8D%E5%89%8D.log", "名前"),
        ("https://me:pass@host.org:8080/train.log", "host.org:8080"),
        ("https://host.org", "host.org"),
        ("https://host.org?file=a.log", "host.org"),
        ("http://127.0.0.1:80/log", "log"),
        ("https://host.org/logs/ssd_512_resnet50_v1_coco_train.log", "ssd_512_resnet50_v1_coco"),
    ],
)
def test_a_label_comes_from_the_path(url, label):
    assert labels(url) == [label]


def test_a_url_is_a_url_whatever_it_looks_like(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for url in (
        "https://host.org/ssd_512_resnet50_v1_coco",
        "https://host.org/*.log",
        "https://host.org/a=b.log",
        f"https://host.org/{'x' * 5000}.log",
        f"https://bucket.host.org/a.log?sum={'x' * 5000}",
    ):
        [source] = resolve([url])
        assert (source.url, source.path, source.zoo) == (url, url, False)
        [named] = resolve([f"base={url}"])
        assert (named.url, named.label) == (url, "base")
        [named] = resolve({"a=b": url})
        assert (named.url, named.label) == (url, "a=b")
    folder = tmp_path / "https:" / "host.org"
    folder.mkdir(parents=True)
    (folder / "a.log").write_text("")
    assert resolve(["https://host.org/a.log"])[0].url


def test_equal_labels_are_told_apart():
    assert labels("https://h.org/x/a.log", "https://h.org/y/a.log?z") == ["x/a", "y/a"]
    assert labels("https://h.org/a.log", "https://g.org/a.log") == ["h.org/a", "g.org/a"]
    assert len(set(labels(*["https://h.org/a.log"] * 3))) == 3


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("ftp://me:pass@host.org/a.log", "only addresses with http:// or https://"),
        ("s3://bucket/*.log", "only addresses with http:// or https://"),
        ("file:///a.log", "of a file give the path"),
        (Path("https://host.org/a.log"), "two slashes"),
        (f"ftp://me:pass@host.org/{'x' * 5000}", "no name of a file"),
    ],
)
def test_other_addresses_are_told(text, why):
    with pytest.raises(SourceError, match=why) as caught:
        resolve([text])
    assert "pass" not in str(caught.value)


SECRETS = [
    "https://me:pass@host.org/a.log",
    "https://me%3Apass@host.org/a.log",
    "https://pass@host.org/a.log",
    "https://:pass@host.org/a.log",
    "https://me:x@pass@host.org/a.log",
    "https://me:x/pass@host.org/a.log",
    "https://me:x?pass@host.org/a.log",
    "https://me:x#pass@host.org/a.log",
    "https://host.org/a.log?token=pass",
    "https://host.org/a.log?x=1&X-Amz-Signature=pass&y=2",
    "https://host.org/a.log#pass",
    "ftp://me:pass@host.org/a.log",
]


@pytest.mark.parametrize("url", SECRETS)
def test_what_is_shown_holds_no_password(url):
    assert "pass" not in urls.shown(url)
    assert "host.org/a.log" in urls.shown(url)


@pytest.mark.parametrize("url", [url for url in SECRETS if url.startswith("https:")])
def test_what_is_kept_of_a_source_holds_no_password(url):
    [source] = resolve([url])
    assert "pass" not in f"{source} {source!r} {source.path} {source.label}"
    assert pickle.loads(pickle.dumps(source)).url == url  # other processes may have to fetch it


def test_what_is_shown_says_where_it_is_from():
    for url in ("https://host.org:80/@x/a@1.log?page=2&keyboard=", "https://[::1]:80/a", "a@b:c/d", "x.log"):
        assert urls.shown(url) == url
    assert urls.shown("https://h/a?x=1&token=abc&y=2") == "https://h/a?x=1&token=…&y=2"


def test_a_login():
    assert urls.login("https://me%40home:p%3Aw@host.org/") == urls.Login("me@home", "p:w")
    assert urls.login("https://me@host.org/") == urls.Login("me", "")
    assert urls.login("https://host.org/@x") is None


@pytest.mark.parametrize(
    ("page", "file"),
    [
        (
            "https://github.com/o/r/blob/main/logs/a.log?plain=1",
            "https://raw.githubusercontent.com/o/r/main/logs/a.log",
        ),
        ("https://www.github.com/o/r/blob/v1/a.log", "https://raw.githubusercontent.com/o/r/v1/a.log"),
        ("https://gitlab.com/g/s/p/-/blob/main/a.log", "https://gitlab.com/g/s/p/-/raw/main/a.log"),
        ("https://huggingface.co/o/m/blob/main/a.log", "https://huggingface.co/o/m/resolve/main/a.log"),
        ("https://github.com/o/r/tree/main/logs", None),
        ("https://host.org/blob/a.log", None),
    ],
)
def test_pages_of_code_hosts(page, file):
    assert urls.file_address(page) == file


@given(st.text(max_size=60) | st.text("/.%2F:@?#\\\0\nab", max_size=40))
def test_any_url_gives_a_safe_file_name_and_a_label(text):
    url = f"http://{text}"
    name = urls.file_name(url)
    assert name == Path(name).name
    assert name not in ("", ".", "..")
    assert len(name) <= 100
    assert name.isascii()
    assert name.isprintable()
    [source] = resolve([url])
    assert source.url == url
    assert urls.shown(urls.shown(url)) == urls.shown(url)
