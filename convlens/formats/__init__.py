"""The kinds of logs that convlens reads; a new kind is one module that defines a `Format`."""

from __future__ import annotations

from convlens.formats.base import Format
from convlens.formats.gluoncv import detection

FORMATS: tuple[Format, ...] = (detection.FORMAT,)


def recognise(name: str, head: bytes) -> Format | None:
    """The format of a file, from its name and its first 128 KB; None if it is of no known kind."""
    return next((form for form in FORMATS if form.recognise(name, head)), None)
