"""Configs as nested mappings, whatever they were written in."""

from __future__ import annotations

from collections.abc import Mapping

Values = dict[str, object]


def flat(values: Mapping[str, object], prefix: str = "") -> Values:
    """A mapping without nesting: names joined by dots."""
    named: Values = {}
    for name, value in values.items():
        if isinstance(value, dict) and value:
            named |= flat(value, f"{prefix}{name}.")
        else:
            named[prefix + name] = value
    return named


def at(values: object, *names: str) -> object:
    """The value under nested names, None where there is none."""
    for name in names:
        values = values.get(name) if isinstance(values, dict) else None
    return values


def first(*values: object) -> object:
    """The first value that is not None."""
    return next((value for value in values if value is not None), None)


def whole(value: object) -> int | None:
    """An integer that can count something, else None."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 31 else None
