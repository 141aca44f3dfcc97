"""Settings as TOML: written whole, read back equal, every wrong key or value told with its place."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

from convlens.distill.config import DistillConfig, Training
from convlens.errors import ConvlensError, SourceError, UnknownNameError
from convlens.files import written_whole

_T = TypeVar("_T")
_LARGEST = 1_000_000  # bytes; a file of settings is small
_KINDS = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}


def load(path: Path) -> DistillConfig:
    """Read a file of settings; SourceError names the file and what would be right.

    Parameters are looked for from the folder of the file.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            raise SourceError(str(path), f"a file of settings has at most {_LARGEST:,} bytes")
        config = build(DistillConfig, tomllib.loads(data.decode()), "")
        teacher, student = (_beside(path, training) for training in (config.teacher, config.student))
        return replace(config, teacher=teacher, student=student)
    except OSError as error:
        raise SourceError(str(path), error.strerror or str(error)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SourceError(str(path), f"is no TOML: {error}") from None
    except SourceError:
        raise
    except ConvlensError as error:
        raise SourceError(str(path), str(error)) from None


def _beside(path: Path, training: Training) -> Training:
    if not training.params:
        return training
    return replace(training, params=str((path.parent / training.params).resolve()))


def save(config: DistillConfig, path: Path) -> None:
    """Write settings, whole or not at all."""
    with written_whole(path) as temporary:
        temporary.write_text(dumps(config), encoding="utf-8")


def build(kind: type[_T], table: Mapping[str, object], place: str) -> _T:
    """A dataclass from a table; `place` is the table's name, for messages."""
    types = get_type_hints(kind)
    values: dict[str, object] = {}
    for key, value in table.items():
        where = f"{place}.{key}" if place else key
        if key not in types:
            raise UnknownNameError(f"setting {'in ' + place if place else 'at the top'}", key, types)
        values[key] = _value(types[key], value, where)
    return kind(**values)


def _value(kind: Any, value: object, where: str) -> object:
    if is_dataclass(kind):
        if not isinstance(value, dict):
            raise ConvlensError(f"{where} is a table: [{where}].")
        return build(cast(type, kind), value, where)
    if get_origin(kind) is tuple:
        (item, _) = get_args(kind)
        if not isinstance(value, list):
            raise ConvlensError(f"{where} is a list, each {_KINDS[item]}: [..., ...].")
        return tuple(_value(item, entry, where) for entry in value)
    if kind not in _KINDS:  # the terms: a table of tables, which the methods check
        if not isinstance(value, dict) or not all(isinstance(entry, dict) for entry in value.values()):
            raise ConvlensError(f"{where} holds tables: [{where}.NAME].")
        return value
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise ConvlensError(f"{where} is {_KINDS[kind]}, not {value!r}.")
    return value


def dumps(config: DistillConfig) -> str:
    """Settings as TOML, all of them, with the defaults."""
    return "\n".join(_lines(as_table(config), "")).strip() + "\n"


def as_table(value: Any) -> dict[str, object]:
    """A dataclass as a table of plain values."""
    table: dict[str, object] = {}
    for part in fields(value):
        entry = getattr(value, part.name)
        if is_dataclass(entry):
            table[part.name] = as_table(entry)
        elif isinstance(entry, Mapping):
            table[part.name] = {name: dict(settings) for name, settings in entry.items()}
        else:
            table[part.name] = entry
    return table


def plain(value: Any) -> Any:
    """A table as a file would give it: lists for tuples."""
    if isinstance(value, Mapping):
        return {key: plain(entry) for key, entry in value.items()}
    return [plain(entry) for entry in value] if isinstance(value, list | tuple) else value


def _lines(table: Mapping[str, object], place: str) -> Iterator[str]:
    plain = {k: v for k, v in table.items() if not isinstance(v, Mapping)}
    if place and (plain or not table):
        yield f"\n[{place}]"
    yield from (f"{_key(name)} = {_text(value)}" for name, value in plain.items())
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _lines(value, f"{place}.{_key(name)}" if place else _key(name))


def _key(name: str) -> str:
    return name if name.replace("_", "").isalnum() and name.isascii() else _quoted(name)


def _text(value: object) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_text, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    return _quoted(value) if isinstance(value, str) else repr(value)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
