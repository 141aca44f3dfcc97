"""The errors that convlens raises.

ConvlensError                 the one to catch
├── SourceError               a source that cannot be found, opened or fetched
│   └── UnreachableError      a server that cannot be reached now; later it may
├── LogFormatError            a file that was opened and is not a log that can be read
├── UnknownNameError          a metric, table, option or code that does not exist
├── NotInstalledError         something that has to be installed first
└── TrainingError             the runner cannot train with what it was given
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class ConvlensError(Exception):
    """Base of all errors of convlens; `str()` is one sentence for the user."""


class SourceError(ConvlensError):
    """A source that cannot be found, opened or fetched.

    `source` is what the user named, `why` the reason and, where there is one, the way out.
    """

    def __init__(self, source: str, why: str) -> None:
        super().__init__(source, why)
        self.source, self.why = source, why

    def __str__(self) -> str:
        return f"{self.source}: {self.why}"


class UnreachableError(SourceError):
    """A URL whose server cannot be reached, breaks off or is out of order: later it may be had."""


class LogFormatError(ConvlensError):
    """A file that was opened and is not a log that can be read; names the file and the line."""

    def __init__(self, source: str, why: str, line: int | None = None) -> None:
        super().__init__(source, why, line)
        self.source, self.why, self.line = source, why, line

    def __str__(self) -> str:
        place = self.source if self.line is None else f"{self.source}, line {self.line}"
        return f"{place}: {self.why}"


class UnknownNameError(ConvlensError):
    """A name that does not exist, with the closest ones and all that do.

    `kind` says what was looked for ("metric"), `known` what there is, `hint` why it may be missing.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str], hint: str = "") -> None:
        self.kind, self.name, self.known, self.hint = kind, name, tuple(known), hint
        super().__init__(kind, name, self.known, hint)

    def __str__(self) -> str:
        close = difflib.get_close_matches(self.name.lower(), [k.lower() for k in self.known], n=1)
        match = next((k for k in self.known if close and k.lower() == close[0]), None)
        guess = f" Did you mean {match!r}?" if match else ""
        known = ", ".join(self.known) or "none"
        hint = f" {self.hint}" if self.hint else ""
        return f"No {self.kind} named {self.name!r}.{guess} There is: {known}.{hint}"


class NotInstalledError(ConvlensError):
    """Something that has to be installed first: `what` needs it, `how` is the command that brings it."""

    def __init__(self, what: str, how: str) -> None:
        super().__init__(what, how)
        self.what, self.how = what, how

    def __str__(self) -> str:
        return f"{self.what}: install {self.how}."


class TrainingError(ConvlensError):
    """The runner cannot train, or go on, with what it was given."""
