"""How results are shown: tables in a terminal, and JSON, CSV, Markdown or LaTeX for others.

All text may come from a log, so whatever is shown passes through `safe` or an escape of its format.
"""

from __future__ import annotations

import csv
import io
import json
import math
import os
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from convlens.errors import ConvlensError

if TYPE_CHECKING:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

SCHEMA = 1
_LATEX = {c: f"\\{c}" for c in "&%$#_{}"}
_LATEX |= {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
_LATEX |= {"<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}"}
_LATEX |= {c: f"{{{c}}}" for c in "[]*"}  # behind \\ a bracket or a star would be its argument
_MARKDOWN = {c: f"\\{c}" for c in "\\`*_[]|~$"}
_MARKDOWN |= {"<": "&lt;", ">": "&gt;", "&": "&amp;"}


class OutputFormat(StrEnum):
    """What `--format` takes."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"
    LATEX = "latex"


def safe(text: object) -> str:
    """Text without control, escape, bidirectional and other invisible characters, on one line."""
    return "".join(c if c.isprintable() else "�" for c in " ".join(str(text).splitlines()))


def say(message: str) -> None:
    """Tell the user something that is no result: on stderr."""
    sys.stderr.write(f"convlens: {safe(message)}\n")


def as_json(value: Mapping[str, object]) -> str:
    """JSON with a schema version, in ASCII; NaN and infinity become null."""
    document = {str(k): _plain(v) for k, v in {"schema": SCHEMA, **value}.items()}
    return json.dumps(document, indent=2, allow_nan=False)


def as_text(rows: Sequence[Mapping[str, object]], form: OutputFormat) -> str:
    """Rows of equal keys as CSV, Markdown or LaTeX, with a header."""
    header = list(dict.fromkeys(key for row in rows for key in row))
    cells = [[_cell(row.get(key)) for key in header] for row in rows]
    if form is OutputFormat.CSV:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([header, *cells])
        return text.getvalue().rstrip("\n")
    if form is OutputFormat.MARKDOWN:
        lines = [[_escape(c, _MARKDOWN) for c in line] for line in (header, *cells)]
        lines.insert(1, ["---"] * len(header))
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)
    lines = [[_escape(c, _LATEX) for c in line] for line in (header, *cells)]
    body = [" & ".join(line) + r" \\" for line in lines]
    columns = "l" * len(header)
    return "\n".join(
        [
            rf"\begin{{tabular}}{{{columns}}}",
            r"\hline",
            body[0],
            r"\hline",
            *body[1:],
            r"\hline",
            r"\end{tabular}",
        ]
    )


def number(value: object) -> str:
    """A number for reading: three decimals, as most logs print them, or four digits where these are fewer."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if not isinstance(value, float):
        return safe(value)
    plain = value == 0 or 0.1 <= abs(value) < 1000
    return f"{value:.3f}" if plain else f"{value:.4g}"


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


def _cell(value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return safe(value)


def _escape(text: str, table_of: Mapping[str, str]) -> str:
    return "".join(table_of.get(c, c) for c in text)


def _plain(value: object) -> object:
    """Only what JSON has; numbers of numpy become Python's."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(v) for v in value]
    if hasattr(value, "item") and not isinstance(value, str):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, bool | int) else str(value)
