"""How results are shown in a terminal, and where what is written goes."""

from __future__ import annotations

import io
import os
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import convlens
from convlens.errors import ConvlensError
from convlens.wording.text import as_json, safe

if TYPE_CHECKING:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text


def say(message: str) -> None:
    """Tell the user something that is no result: on stderr."""
    sys.stderr.write(f"convlens: {safe(message)}\n")


def emit_json(command: str, document: Mapping[str, object]) -> None:
    """Write the JSON of a command's result, which says what made it."""
    emit(as_json({"convlens": convlens.__version__, "command": command, **document}) + "\n")


def emit(text: str) -> bool:
    """Write to standard output, and tell whether anyone reads on.

    A reader that has seen enough (`convlens … | head`) is no error.
    """
    if sys.stdout is None:  # closed by the caller: `>&-`
        return False
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for all that follows
        if not isinstance(error, BrokenPipeError):
            why = error.strerror or str(error)
            raise ConvlensError(f"Standard output cannot be written: {why}.") from None
        return False
    return True


class _Held(io.StringIO):
    """Takes what is printed, and passes for standard output."""

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return getattr(sys.stdout, "encoding", "utf-8")

    def isatty(self) -> bool:
        return sys.stdout is not None and sys.stdout.isatty()


def show(*tables: Table | str) -> None:
    """Print tables and lines, of empty ones one at a time; in a pipe nothing is wrapped or coloured."""
    from rich.console import Console
    from rich.measure import Measurement

    held = _Held()
    console = Console(file=held, highlight=False, markup=False, emoji=False)
    shown = [_paragraph(part) if isinstance(part, str) else part for part in tables]
    if not console.is_terminal:
        wide = console.options.update(max_width=10_000)
        needed = max((Measurement.get(console, wide, part).maximum for part in shown), default=80)
        console.width = max(needed, 80)
    for part in shown:
        console.print(part)
    text = "\n".join(line.rstrip() for line in held.getvalue().splitlines())
    emit(re.sub(r"\n{3,}", "\n\n", text).strip("\n") + "\n")


def _paragraph(text: str) -> Padding | Text:
    """A text that keeps its indent where a terminal wraps it."""
    from rich.padding import Padding
    from rich.text import Text

    plain = safe(text)
    indent = len(plain) - len(plain.lstrip())
    return Padding(Text(plain.lstrip()), (0, 0, 0, indent), expand=False) if indent else Text(plain)


def table(header: Sequence[str], rows: Sequence[Sequence[object]], names_up_to: int = 18) -> Table:
    """A plain table whose first column holds names and whose others hold figures.

    In a narrow terminal names of more than `names_up_to` characters are broken.
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    made = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, collapse_padding=True)
    for place, name in enumerate(header):
        title = Text(_folded(name, names_up_to))
        made.add_column(title, justify="right" if place else "left", overflow="fold")
    for first, *rest in rows:
        made.add_row(Text(_folded(first, names_up_to)), *(Text(safe(cell)) for cell in rest))
    return made


def _folded(name: object, width: int) -> str:
    """A long name broken behind its underscores where a terminal is narrow; in a pipe as it is."""
    text = safe(name)
    if len(text) <= width or not sys.stdout.isatty() or shutil.get_terminal_size().columns > 100:
        return text
    lines = [""]
    for part in re.findall(r"[^_]*_?", text):
        if lines[-1] and len(lines[-1] + part) > width:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)
