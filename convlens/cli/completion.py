"""What a shell offers when the user presses Tab: files and zoo names for sources, codes for findings."""

from __future__ import annotations

from pathlib import Path


def sources(incomplete: str) -> list[str]:
    """Files and folders that begin so, as a shell would offer them itself, and the published logs that do."""
    folder, slash, begin = incomplete.rpartition("/")
    typed = folder + slash
    try:
        there = sorted(Path(typed or ".").expanduser().iterdir())
    except (OSError, RuntimeError):  # no such folder or user
        there = []
    hidden = begin.startswith(".")
    found = [p for p in there if p.name.startswith(begin) and (hidden or not p.name.startswith("."))]
    return [*(f"{typed}{p.name}{'/' if p.is_dir() else ''}" for p in found), *published(incomplete)]


def published(incomplete: str) -> list[str]:
    """The published logs whose names begin so."""
    from convlens.zoo import names

    return [name for name in names() if name.startswith(incomplete.lower())]


def codes(incomplete: str) -> list[str]:
    """The codes of findings that begin so."""
    from convlens.findings import Code

    return [code for code in Code if code.startswith(incomplete)]
