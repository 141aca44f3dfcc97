"""The lines of a text log that a pattern finds."""

from __future__ import annotations

import re

import numpy as np

from convlens.formats.text import Text
from convlens.meters import Ints


def numbered(text: Text, *patterns: re.Pattern[bytes]) -> list[tuple[int, re.Match[bytes]]]:
    """What the patterns find, in the order of the log, each with the number of its line."""
    found = sorted((m for p in patterns for m in p.finditer(text.data)), key=lambda match: match.start())
    return list(zip(line_numbers(text, found).tolist(), found, strict=True))


def line_numbers(text: Text, found: list[re.Match[bytes]]) -> Ints:
    """The numbers of the lines on which matches begin (n,)."""
    return text.line_of(np.array([match.start() for match in found], dtype=np.int64)) + 1


def line_without_end(text: Text) -> int:
    """The number of the last line if nothing ends it, else 0."""
    return len(text.ends) if text.data and not text.data.endswith(b"\n") else 0
