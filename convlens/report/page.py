"""The sections of a report as one HTML page that needs nothing else, and as Markdown."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from convlens.report.chart import Chart
from convlens.report.parts import Charts, Fold, Part, Section, Table
from convlens.wording.text import OutputFormat, as_text, escaped, safe

Shown = Callable[[object], object]
TEMPLATES = Path(__file__).parent / "templates"


def html(sections: Sequence[Section], shown: Shown, **facts: object) -> str:
    """The page; `shown` is applied to every text, and `facts` are what the template names besides."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, finalize=_text(shown)
    )
    made.filters["breakable"] = _breakable
    charts = {c.key: c.data for s in sections for c in charts_in(s.parts)}
    return made.get_template("page.html").render(sections=sections, data=_script({"charts": charts}), **facts)


def markdown(sections: Sequence[Section], shown: Shown, **facts: object) -> str:
    """The same as Markdown, charts by the figures beside it."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=False,  # noqa: S701 - Markdown has its own escape, which every expression passes through
        undefined=StrictUndefined,
        finalize=_escaped(shown),
        trim_blocks=False,
    )
    made.filters |= {"grid": lambda table: _grid(table, shown), "markup": Markup}
    text = made.get_template("page.md").render(sections=sections, **facts)
    lines: list[str] = []
    for line in text.splitlines():
        if line.strip() or (lines and lines[-1]):
            lines.append(line.rstrip())
    return "\n".join(lines).strip() + "\n"


def charts_in(parts: Sequence[Part]) -> Iterator[Chart]:
    """Every chart, those in folds too."""
    for part in parts:
        if isinstance(part, Charts):
            yield from part.charts
        elif isinstance(part, Fold):
            yield from charts_in(part.parts)


def _text(shown: Shown) -> Shown:
    return lambda value: value if isinstance(value, Markup | int) else safe(shown(value))


def _breakable(name: str) -> Markup:
    """A name that may break behind its underscores, not inside its words."""
    return Markup("_<wbr>").join(safe(name).split("_"))


def _escaped(shown: Shown) -> Shown:
    def finalize(value: object) -> object:
        literal = isinstance(value, Markup | int)
        return value if literal else escaped(shown(value), OutputFormat.MARKDOWN)

    return finalize


def _grid(table: Table, shown: Shown) -> Markup:
    rows = [dict(zip(_unique(table.header), map(shown, row), strict=True)) for row in table.rows]
    return Markup(as_text(rows, OutputFormat.MARKDOWN) if rows else "–")  # noqa: S704 - it is escaped there


def _unique(header: Sequence[str]) -> list[str]:
    """Names that differ by spaces, which are not seen."""
    found: list[str] = []
    for name in header:
        shown = name
        while shown in found:
            shown += " "
        found.append(shown)
    return found


def _script(data: Mapping[str, object]) -> Markup:
    """JSON that no text in it can end: `<` is written as an escape."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    for char in "<>&":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return Markup(text)  # noqa: S704 - nothing is left that HTML would read
