"""Paths and addresses by their last parts: a report is passed on, and folders name people and machines."""

from __future__ import annotations

import re
from collections.abc import Mapping

_PLACE = re.compile(
    r"(?:\b[a-z][a-z0-9+.-]*://|(?<![\w/.~])(?:~[\w.-]*|\.{1,2})?/)(?:[^\s/'\",;:)(]+/)*([^\s/'\",;:)(]+)/?"
)


def last_parts(value: object) -> object:
    """The same with each path and address in its texts cut to its last part; keys stay."""
    if isinstance(value, str):
        return _PLACE.sub(lambda found: found[1], value)
    if isinstance(value, Mapping):
        return {key: last_parts(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [last_parts(item) for item in value]
    return value
