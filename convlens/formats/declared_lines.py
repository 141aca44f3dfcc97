"""Text logs that a user declares in a small TOML file: patterns of lines, and what their groups are."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import TypeVar

from convlens.errors import ConvlensError
from convlens.formats.declared import AXES, Declared, column_of
from convlens.meters import Meter
from convlens.metrics import Better, Column, Role, Unit

T = TypeVar("T", bound=StrEnum)
_KEYS = {"name", "axis", "patterns", "columns"}
_OF_COLUMN = ("role", "unit", "better", "meter")


def from_toml(text: str, path: str) -> Declared:
    """What a TOML file declares; a ConvlensError names the key that is wrong and what would be right."""
    try:
        told = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConvlensError(f"{path}: no TOML ({error}).") from None
    if unknown := sorted(set(told) - _KEYS):
        raise ConvlensError(f"{path}: no key {unknown[0]!r}; there is {', '.join(sorted(_KEYS))}.")
    axis = told.get("axis", "epoch")
    if axis not in AXES:
        raise ConvlensError(f"{path}: axis is {' or '.join(AXES)}, not {axis!r}.")
    patterns = _patterns(told.get("patterns"), path)
    groups = {group for pattern in patterns for group in re.compile(pattern).groupindex}
    if axis not in groups:
        raise ConvlensError(f"{path}: no pattern has a group (?P<{axis}>…), which is the axis.")
    columns = told.get("columns", {})
    if not isinstance(columns, dict) or not all(isinstance(c, dict) for c in columns.values()):
        raise ConvlensError(f"{path}: columns is a table for each named group, [columns.NAME].")
    if strange := sorted(set(columns) - groups):
        raise ConvlensError(f"{path}: no pattern has the group {strange[0]!r} of [columns.{strange[0]}].")
    described = tuple((name, _described(name, values, path)) for name, values in columns.items())
    return Declared(str(told.get("name", "declared")), described, axis, axis, patterns)


def _patterns(told: object, path: str) -> tuple[str, ...]:
    """The patterns, each of which is a regular expression."""
    patterns = [p for p in told if isinstance(p, str)] if isinstance(told, list) else []
    if not patterns:
        raise ConvlensError(f"{path}: patterns is a list of regular expressions with named groups.")
    for pattern in patterns:
        try:
            re.compile(pattern.encode())
        except re.error as error:
            why = f"the pattern {pattern!r} is no regular expression ({error})"
            raise ConvlensError(f"{path}: {why}.") from None
    return tuple(patterns)


def _described(name: str, values: Mapping[str, object], path: str) -> Column:
    """A column as a TOML table says."""
    known = column_of(name)
    if unknown := sorted(set(values) - set(_OF_COLUMN)):
        there = ", ".join(_OF_COLUMN)
        raise ConvlensError(f"{path}: [columns.{name}] has no key {unknown[0]!r}; there is {there}.")
    role = _member(Role, values.get("role"), known.role, f"{path}: [columns.{name}] role")
    return replace(
        known,
        role=role,
        unit=_member(Unit, values.get("unit"), known.unit, f"{path}: [columns.{name}] unit"),
        better=_member(Better, values.get("better"), known.better, f"{path}: [columns.{name}] better"),
        meter=_member(Meter, values.get("meter"), known.meter, f"{path}: [columns.{name}] meter"),
        part_of="loss" if role is Role.LOSS else "",
    )


def _member(kind: type[T], told: object, otherwise: T, what: str) -> T:
    """The member of an enumeration that a text names."""
    members = {member.name.lower(): member for member in kind}
    if told is not None and (not isinstance(told, str) or told not in members):
        raise ConvlensError(f"{what} is one of {', '.join(members)}, not {told!r}.")
    return otherwise if told is None else members[str(told)]
