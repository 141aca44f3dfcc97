"""Folders that frameworks wrote: which files are one run, and which only repeat another."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from convlens.formats.base import Format


@dataclass(frozen=True)
class _Place:
    """Where a log stands in the layout of its framework, best when lowest."""

    path: Path
    pattern: int
    start: str = ""
    copy: int = 0


def runs_of(found: Iterable[tuple[Path, Format]]) -> Iterator[tuple[Path, ...]]:
    """The files of each run among the logs of a tree, in order: several where each process has its own.

    Logs whose framework has no layout for them are runs of their own. An event file in the folder of another
    log repeats that.
    """
    jobs: dict[str, dict[str, list[_Place]]] = {}
    alone: dict[str, list[Path]] = {}
    for path, form in found:
        job, place = _placed(path, form)
        if job is None:
            alone.setdefault(str(path), []).append(path)
            jobs.setdefault(str(path), {})
        else:
            jobs.setdefault(job, {}).setdefault(form.name, []).append(place)
    for job, kinds in jobs.items():
        yield from ((path,) for path in alone.get(job, ()))
        told = [name for name in kinds if name != "tensorboard"] or list(kinds)
        for name in told:
            yield from _processes(kinds[name])


def _placed(path: Path, form: Format) -> tuple[str | None, _Place]:
    """The job of a log, None if the layout of its framework has no place for it, and the place."""
    for number, pattern in enumerate(form.layout):
        if match := re.fullmatch(pattern, path.as_posix()):
            told = match.groupdict()
            return match["job"], _Place(path, number, told.get("start") or "", int(told.get("copy") or 0))
    return None, _Place(path, 0)


def _processes(places: Sequence[_Place]) -> Iterator[tuple[Path, ...]]:
    """The files of one job: of each process the best, joined where they are of one kind."""
    if not any(place.start or place.pattern or place.copy for place in places):
        yield from ((place.path,) for place in places)  # nothing tells them apart but their names
        return
    best: dict[str, _Place] = {}
    for place in sorted(places, key=lambda p: (p.start, p.pattern, -p.copy)):
        best.setdefault(place.start, place)
    joined: dict[int, list[Path]] = {}
    for place in best.values():
        joined.setdefault(place.pattern, []).append(place.path)
    yield from map(tuple, joined.values())
