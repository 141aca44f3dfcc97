"""The catalogue of published logs: size, hash, address and the published scores with their conditions."""

from __future__ import annotations

import csv
import difflib
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from convlens.errors import ConvlensError, SourceError, UnknownNameError

_BOX_AP = ("box AP", "mAP")


@dataclass(frozen=True)
class Entry:
    """One published log.

    `aliases` are other names that it goes by. `family` is the detector, or what the network is one of;
    `input_size` (`512`, `640x192`) is in pixels and, like `size` (bytes) and `sha256`, None where it is not
    known. `published` holds (score, metric and conditions) pairs, as `(33.6, "box AP at 320x320")`: scores in
    percent, but those of depth as they were published.
    """

    name: str
    aliases: tuple[str, ...]
    task: str
    family: str
    dataset: str
    input_size: str | None
    log: str
    url: str
    size: int | None
    sha256: str | None
    published: tuple[tuple[float, str], ...]

    def published_map(self, arguments: Mapping[str, object]) -> float | None:
        """The published box mAP whose conditions the log's own validation used, None if it is not plain.

        YOLOv3 has a score for each test resolution, CenterNet one with and one without flipping.
        """
        size = arguments.get("data_shape")
        flip = "with" if arguments.get("flip_validation") else "without"
        told = {how: score for score, how in self.published}
        conditions = ("", f" at {size}x{size}", f" {flip} flip")
        return next((told[m + c] for m in _BOX_AP for c in conditions if m + c in told), None)


@cache
def entries() -> tuple[Entry, ...]:
    """All entries of the catalogue, by name."""
    text = (resources.files("convlens.zoo") / "catalog.csv").read_text(encoding="utf-8")
    return tuple(_entry(row) for row in csv.DictReader(text.splitlines()))


def names() -> list[str]:
    """The names of all published logs."""
    return [entry.name for entry in entries()]


def folded(name: str) -> str:
    """A name without what spellings differ in: `SSD_512_MobileNet1.0` is `ssd_512_mobilenet1_0`."""
    return re.sub(r"[-.+]", "_", name.lower())


def canonical(name: str) -> str | None:
    """The zoo's own spelling of a name or alias, None if it has no such log.

    A SourceError names the logs where an alias is that of several.
    """
    plain = folded(name)
    named = [e.name for e in entries() if folded(e.name) == plain]
    found = named or [e.name for e in entries() if plain in map(folded, e.aliases)]
    if len(found) > 1:
        raise SourceError(name, f"several published logs go by this name: {', '.join(found)}")
    return found[0] if found else None


def find_entry(name: str) -> Entry:
    """The entry of a name as `names` spells it."""
    return next(entry for entry in entries() if entry.name == name)


def named(name: str) -> Entry:
    """The entry of a name or alias; a SourceError with the closest names if there is none."""
    known = canonical(name)
    if known is None:
        raise SourceError(name, f"no published log has this name; {_closest(name)}")
    return find_entry(known)


def find_log(data: bytes, file_name: str) -> Entry | None:
    """The entry of a log, told by its very bytes; hashed only if its size is that of an entry.

    Some models were published with the same log, byte for byte: there the file's name tells.
    """
    candidates = [e for e in entries() if e.size == len(data) and e.sha256]
    if not candidates:
        return None
    digest = hashlib.sha256(data).hexdigest()
    found = [e for e in candidates if e.sha256 == digest]
    if len(found) > 1:
        found = [e for e in found if e.log.endswith(f"/{file_name}")]
    return found[0] if found else None


def select(
    text: str = "", task: str | None = None, family: str | None = None, dataset: str | None = None
) -> list[Entry]:
    """The entries that fit all of these: a part of the name or of an alias, and facts.

    The family `faster_rcnn` takes `faster_rcnn_fpn` in. A value that no entry has raises UnknownNameError, a
    text that is in no name a ConvlensError with the closest names.
    """
    part = folded(text)
    found = [e for e in entries() if any(part in folded(name) for name in (e.name, *e.aliases))]
    if not found:
        raise ConvlensError(f"No published log has {text!r} in its name; {_closest(text)}.")
    for kind, wanted in (("task", task), ("family", family), ("dataset", dataset)):
        if wanted is not None:
            known = sorted({str(getattr(entry, kind)) for entry in entries()})
            fitting = {value for value in known if f"{value}_".startswith(f"{folded(wanted)}_")}
            if not fitting:
                raise UnknownNameError(kind, wanted, known)
            found = [entry for entry in found if getattr(entry, kind) in fitting]
    return found


def _closest(name: str) -> str:
    close = difflib.get_close_matches(name.lower(), names(), n=3, cutoff=0.5)
    return f"the closest are {', '.join(close)}" if close else "`convlens zoo list` shows all"


def _entry(row: Mapping[str, str]) -> Entry:
    published = []
    for item in filter(None, row["published"].split("; ")):
        score, _, how = item.partition(" ")
        published.append((float(score), how))
    return Entry(
        name=row["name"],
        aliases=tuple(filter(None, row["aliases"].split("; "))),
        task=row["task"],
        family=row["family"],
        dataset=row["dataset"],
        input_size=row["input_size"] or None,
        log=row["log"],
        url=row["url"],
        size=int(row["bytes"]) if row["bytes"] else None,
        sha256=row["sha256"] or None,
        published=tuple(published),
    )
