"""Results as text: numbers for reading, and JSON, CSV, Markdown or LaTeX for others.

All text may come from a log, so whatever is shown passes through `safe` or an escape of its format.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from enum import StrEnum

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


def escaped(value: object, form: OutputFormat) -> str:
    """Text in which Markdown or LaTeX sees nothing but text."""
    return _escape(safe(value), _MARKDOWN if form is OutputFormat.MARKDOWN else _LATEX)


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
