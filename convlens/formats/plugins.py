"""Formats of other packages, registered by the entry point group `convlens.formats`.

An entry names a `Format`. It is asked only about files that no format of convlens takes, and what it raises
is told with its name.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from functools import cache, partial
from importlib.metadata import EntryPoint, entry_points

from convlens.errors import ConvlensError
from convlens.formats.base import Blocks, Format, Want

GROUP = "convlens.formats"


@dataclass(frozen=True)
class Registered:
    """What other packages registered: formats, and why others cannot be used."""

    formats: tuple[Format, ...] = ()
    faults: tuple[str, ...] = ()


@cache
def registered() -> Registered:
    """The formats of other packages, in the order of their names."""
    formats, faults = [], []
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        try:
            formats.append(_guarded(entry))
        except Exception as error:
            faults.append(f"{entry.name} ({entry.value}): {type(error).__name__}: {error}")
    return Registered(tuple(formats), tuple(faults))


def _guarded(entry: EntryPoint) -> Format:
    form = entry.load()
    if not isinstance(form, Format):
        raise TypeError(f"a {type(form).__name__} and no Format")
    return replace(form, recognise=partial(_recognise, form), read=partial(_read, form))


def _recognise(form: Format, name: str, head: bytes) -> bool:
    try:
        return bool(form.recognise(name, head))
    except Exception as error:
        why = f"{type(error).__name__}: {error}"
        text = f"The format {form.name}, of another package, failed to look at a file: {why}."
        warnings.warn(text, stacklevel=2)
        return False


def _read(form: Format, data: bytes, want: Want) -> Blocks:
    try:
        return form.read(data, want)
    except ConvlensError:
        raise
    except Exception as error:
        why = f"{type(error).__name__}: {error}"
        raise ConvlensError(f"The format {form.name}, of another package, failed: {why}.") from error
