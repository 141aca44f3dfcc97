"""The catalogue of published logs: size, hash, address and the published scores with their conditions."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True)
class Entry:
    """One published log.

    `published` holds (score in percent, conditions) pairs; `size` (bytes) and `sha256` are None where
    unknown.
    """

    name: str
    log: str
    url: str
    size: int | None
    sha256: str | None
    published: tuple[tuple[float, str], ...]

    def published_map(self, arguments: Mapping[str, object]) -> float | None:
        """The published box mAP whose conditions the log's own validation used, None if it is not plain.

        YOLOv3 has a score for each test resolution, CenterNet one with and one without flipping.
        """
        box = [(score, how) for score, how in self.published if "segm" not in how]
        size = arguments.get("data_shape")
        flip = "flip" if arguments.get("flip_validation") else "original"
        for condition in (f"{size}x{size}", flip):
            fitting = [score for score, how in box if how.endswith(condition)]
            if len(fitting) == 1:
                return fitting[0]
        return box[0][0] if len(box) == 1 else None


@cache
def entries() -> tuple[Entry, ...]:
    """All entries of the catalogue."""
    text = (resources.files("convlens.zoo") / "catalog.csv").read_text(encoding="utf-8")
    return tuple(_entry(row) for row in csv.DictReader(text.splitlines()))


def find_log(data: bytes) -> Entry | None:
    """The entry of a log, told by its very bytes; hashed only if its size is that of an entry."""
    candidates = [e for e in entries() if e.size == len(data) and e.sha256]
    if not candidates:
        return None
    digest = hashlib.sha256(data).hexdigest()
    return next((e for e in candidates if e.sha256 == digest), None)


def _entry(row: Mapping[str, str]) -> Entry:
    published = []
    for item in filter(None, row["published"].split("; ")):
        score, _, conditions = item.partition(" ")
        published.append((float(score), conditions))
    return Entry(
        name=row["name"],
        log=row["log"],
        url=row["url"],
        size=int(row["bytes"]) if row["bytes"] else None,
        sha256=row["sha256"] or None,
        published=tuple(published),
    )
