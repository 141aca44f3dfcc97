"""URLs: what of one may be shown, stored and asked for, and the names it gives."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

_PARTS = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*://)(?:(?P<user>[^/?#]*)@)?(?P<host>[^/?#]*)(?P<path>[^?#]*)"
    r"(?P<query>\??[^#]*)(?P<fragment>.*)",
    re.IGNORECASE | re.DOTALL,
)
# Parameters that stand for a password: whoever has the address has the file.
_SECRET = re.compile(r"(?i)([?&;][^=&;]*(?:token|signature|sig|key|secret|credential|password|auth)=)[^&;]*")
_NO_PORT = re.compile(r":(?!\d*$)[^\]]*$")
# Where a code host shows a file as a page, and where it gives the file itself.
_PAGES = (
    (r"https?://(?:www\.)?github\.com/([^/]+/[^/]+)/blob/", r"https://raw.githubusercontent.com/\1/"),
    (r"(https?://[^/]+/.+)/-/blob/", r"\1/-/raw/"),
    (r"(https?://huggingface\.co/.+)/blob/", r"\1/resolve/"),
)


@dataclass(frozen=True)
class Login:
    """User name and password as a URL holds them, decoded."""

    name: str
    password: str


def is_url(text: str) -> bool:
    """Whether a text is the URL of something that can be fetched."""
    return bool(re.match(r"(?i)https?://", text))


def shown(text: str) -> str:
    """A URL without user name, password and the values of parameters such as `token`; other texts as is."""
    parts = _PARTS.fullmatch(text)
    if parts is None:
        return text
    rest = parts["host"] + parts["path"] + _SECRET.sub(r"\1…", parts["query"])
    if _NO_PORT.search(parts["host"]):  # `user:pass/word@host`: what looks like a port is part of a password
        rest = (rest + parts["fragment"]).rpartition("@")[2].partition("#")[0]
    return parts["scheme"] + rest


def address(url: str) -> str:
    """What is asked for: the URL without user name, password and fragment."""
    parts = _split(url)
    return parts["scheme"] + parts["host"] + parts["path"] + parts["query"]


def login(url: str) -> Login | None:
    """User name and password, if the URL holds any."""
    user = _split(url)["user"]
    if not user:
        return None
    name, _, password = user.partition(":")
    return Login(unquote(name), unquote(password))


def segments(url: str) -> list[str]:
    """Host and the parts of the path, from left to right, decoded; neither query nor fragment."""
    parts = _split(url)
    return [parts["host"], *(unquote(part) for part in parts["path"].split("/") if part)]


def file_name(url: str) -> str:
    """A name for a file that holds what the URL gives, as its path names it; safe on any system."""
    last = ["log", *segments(url)[1:]][-1]
    return re.sub(r"[^A-Za-z0-9._+-]", "_", last)[-100:].lstrip(".") or "log"


def file_address(page: str) -> str | None:
    """The address of the very file that a page of a code host shows; None for other addresses."""
    plain = page.partition("?")[0]
    found = (re.sub(old, new, plain) for old, new in _PAGES)
    return next((url for url in found if url != plain), None)


def _split(url: str) -> re.Match[str]:
    parts = _PARTS.fullmatch(url)
    assert parts is not None, "no URL"  # noqa: S101
    return parts
