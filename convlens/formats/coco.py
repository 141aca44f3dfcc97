"""COCO's scores: their names here, and pycocotools' table of them."""

from __future__ import annotations

import re

import numpy as np

from convlens.findings import Code, Finding
from convlens.formats.lines import decimals_of
from convlens.formats.rows import Rows, rows_of
from convlens.formats.text import Text
from convlens.meters import Ints

NAMES = (
    "map",
    "map_50",
    "map_75",
    "map_small",
    "map_medium",
    "map_large",
    "ar_1",
    "ar_10",
    "ar_100",
    "ar_small",
    "ar_medium",
    "ar_large",
)
# What stands behind AP or mAP in the names of frameworks.
SUFFIXES = {
    "": "",
    "50": "50",
    "75": "75",
    "s": "small",
    "m": "medium",
    "l": "large",
    "small": "small",
    "medium": "medium",
    "large": "large",
}
_FEWEST, _DECIMALS = 8, 3  # scores in a table: twelve, of key points eight that are read here
_TASKS = {"": "", "bbox": "", "segm": "segm", "mask": "segm", "keypoints": "keypoints"}
_LINE = re.compile(
    rb"Average (Precision|Recall) +\(A[PR]\) @\[ IoU=([\d.:]+) *\| area= *(\w+) *\| maxDets= *(\d+) *\] ="
    rb" +(-?[\d.]+)[ \t]*$",
    re.MULTILINE,
)


def of_task(name: str, task: str = "") -> str:
    """A score of a task: `map_50` of `segm` is `map_segm_50`, of `bbox` it stays."""
    head, _, tail = name.partition("_")
    return "_".join(filter(None, (head, _TASKS.get(task, task), tail)))


def ap_name(task: str = "", suffix: str = "") -> str:
    """The name of a task's AP with one of the `SUFFIXES` ("50", "s")."""
    return of_task(f"map_{SUFFIXES[suffix]}".rstrip("_"), task)


def read_table(text: bytes, task: str = "") -> dict[str, bytes]:
    """The scores in pycocotools' table of a task, as printed: fractions, -1 for what there is none of."""
    found = {}
    for kind, iou, area, most, value in _LINE.findall(text):
        if kind == b"Precision":
            part = {b"0.50": "50", b"0.75": "75"}.get(iou, SUFFIXES.get(area.decode(), ""))
            name = f"map_{part}".rstrip("_")
        elif iou == b"0.50:0.95":
            name = f"ar_{int(most) if area == b'all' else area.decode()}"
        else:  # of key points
            continue
        found[of_task(name, task)] = value
    return found


def tables_in(text: Text, places: Ints, heading: re.Pattern[bytes]) -> tuple[Rows, list[Finding]]:
    """The tables of a log, one row an evaluation, and what was cut off.

    A table stands behind its `heading`, whose first group is the task. Those between two of the `places`
    (offsets, ascending) of other lines are of one evaluation.
    """
    lines: list[int] = []
    records: list[dict[str, object]] = []
    findings = []
    last = -1
    heads = list(heading.finditer(text.data))
    for number, head in enumerate(heads):
        behind = int(np.searchsorted(places, head.start()))
        ends = [len(text.data), *(h.start() for h in heads[number + 1 :][:1]), *places[behind:][:1].tolist()]
        end = min(ends)
        told = read_table(text.data[head.end() : end], head[1].decode(errors="replace"))
        whole = len(told) >= _FEWEST and decimals_of(list(told.values())[-1]) == _DECIMALS
        if end == len(text.data) and not whole:
            sentence = "the log ends inside a table of scores, which is not used"
            findings.append(Finding(Code.CUT_OFF, sentence, f"line {text.line_number(head.start())}"))
        elif told and behind == last:
            records[-1] |= told
        elif told:
            lines.append(text.line_number(head.start()))
            records.append(dict(told))
            last = behind
    return rows_of(lines, records), findings
