"""The real logs of other frameworks: read once a session, with the figures of an independent reader."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from convlens import ConvlensError, Run, read_logs
from convlens.reader import runs_of_bytes


@cache
def figures(corpus: Path) -> dict[str, dict[str, Any]]:
    """What the independent reader found, by path."""
    told: dict[str, dict[str, Any]] = json.loads((corpus / "other" / "figures.json").read_text())
    return told


def paths(corpus: Path, *kinds: str) -> list[str]:
    """The logs of some kinds."""
    found = [path for path, told in figures(corpus).items() if told["kind"] in kinds]
    assert found
    return found


@cache
def content(corpus: Path, path: str) -> bytes:
    return (corpus / "other" / path).read_bytes()


def runs(data: bytes, path: str = "-") -> list[Run]:
    """The runs in some bytes, none where they are refused."""
    try:
        return runs_of_bytes(data, path, "made")
    except ConvlensError:
        return []


@cache
def real_runs(corpus: Path, path: str) -> list[Run]:
    try:
        return read_logs(corpus / "other" / path)
    except ConvlensError:
        return []
