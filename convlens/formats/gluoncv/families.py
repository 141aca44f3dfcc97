"""Which family a log is of, and what its columns are."""

from __future__ import annotations

from collections.abc import Iterable

from convlens.findings import Code, Finding
from convlens.formats.gluoncv import center_net, faster_rcnn, gan, mask_rcnn, ssd, yolo3
from convlens.formats.gluoncv.family import Family, guess_column
from convlens.metrics import Column, Role

# The more a family demands of a line, the earlier it is asked.
FAMILIES: tuple[Family, ...] = (
    gan.SSD,
    gan.FASTER_RCNN,
    mask_rcnn.FAMILY,
    faster_rcnn.FAMILY,
    yolo3.FAMILY,
    center_net.FAMILY,
    ssd.FAMILY,
)


def family_of(names: Iterable[str]) -> Family | None:
    """The family whose losses are among the printed names, None if there is none."""
    printed = set(names)
    return next((family for family in FAMILIES if family.recognises(printed)), None)


def describe(names: Iterable[str]) -> tuple[tuple[Column, ...], list[Finding]]:
    """The columns of the printed names, and a finding on those that no family knows."""
    printed = list(dict.fromkeys(name for name in names if name != "seconds"))
    family = family_of(printed) or Family("unknown", ())
    known = {name: family.describe(name) for name in printed}
    columns = tuple(column or guess_column(name, bool(family.columns)) for name, column in known.items())
    strange = [name for name, column in known.items() if column is None]
    if not strange:
        return columns, []
    summed = [c.name for c in columns if c.name in strange and c.role is Role.LOSS]
    fate = f"taken as its losses: {', '.join(summed)}" if summed else "not part of the summed loss"
    text = f"{', '.join(strange)} not known in logs of this kind: {fate}"
    return columns, [Finding(Code.UNKNOWN_COLUMN, text)]
