"""The arguments of a run: `Namespace(batch_size=32, network='resnet50_v1', ...)`, never evaluated."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Mapping

OPENING = b"Namespace("
_LONGEST_VALUE, _DEEPEST = 10_000, 20
_KEY = re.compile(r"\s*([A-Za-z_]\w*)=")
_CLOSERS = {"(": ")", "[": "]", "{": "}", "<": ">"}


def parse_namespace(text: str) -> dict[str, object]:
    """The keyword arguments in the text of a printed Namespace.

    Literals become Python values; everything else (objects, deep nesting, very long values) stays text.
    """
    body = text.partition("Namespace(")[2]
    with warnings.catch_warnings(action="ignore"):  # of the parser, about text that is no code of ours
        values = _parsed(body)
        return _one_by_one(body) if values is None else values


def _one_by_one(body: str) -> dict[str, object]:
    values: dict[str, object] = {}
    at = 0
    while key := _KEY.match(body, at):
        end = _end_of_value(body, key.end())
        values[key[1]] = _literal(body[key.end() : end].strip())
        at = end + 1
    return values


def format_namespace(values: Mapping[str, object]) -> str:
    """Write arguments as argparse prints them, sorted by name."""
    return "Namespace(" + ", ".join(f"{k}={values[k]!r}" for k in sorted(values)) + ")"


def _parsed(body: str) -> dict[str, object] | None:
    """The arguments where the whole text is a Python call, as in nearly every log; None otherwise."""
    if len(body) > _LONGEST_VALUE or not _shallow(body):
        return None
    source = f"f({body.rstrip()}"
    try:
        call = ast.parse(source, mode="eval").body
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    if not isinstance(call, ast.Call) or call.args:
        return None
    return {k.arg: _value(k.value, source) for k in call.keywords if k.arg}


def _value(node: ast.expr, source: str) -> object:
    """A literal's value, anything else (and integers too long to be printed) as its text."""
    try:
        value: object = node.value if isinstance(node, ast.Constant) else ast.literal_eval(node)
    except (ValueError, TypeError, MemoryError, RecursionError):
        return ast.get_source_segment(source, node)
    return value if _printable(value) else ast.get_source_segment(source, node)


def _shallow(text: str) -> bool:
    return max(text.count(c) for c in "([{") <= _DEEPEST


def _end_of_value(body: str, start: int) -> int:
    """Offset of the comma or bracket that ends the value which begins at `start`."""
    waiting: list[str] = []
    quote = ""
    at = start
    while at < len(body):
        char = body[at]
        if quote:
            if char == "\\":
                at += 1
            elif char == quote:
                quote = ""
        elif char in "'\"":
            quote = char
        elif waiting and char == waiting[-1]:
            waiting.pop()
        elif char in _CLOSERS:
            waiting.append(_CLOSERS[char])
        elif not waiting and char in ",)":
            return at
        at += 1
    return at


def _literal(text: str) -> object:
    if len(text) > _LONGEST_VALUE or not _shallow(text):
        return text
    try:
        value: object = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return text
    return value if _printable(value) else text


def _printable(value: object) -> bool:
    try:
        repr(value)
    except ValueError:  # an integer of more digits than Python prints
        return False
    return True
