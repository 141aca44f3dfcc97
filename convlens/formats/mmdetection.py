"""MMDetection 2 (MMCV's runner): `*.log.json` and the `.log` beside it.

A training line is the mean of the iterations since the line before (50, if not configured); an epoch's last
ones are never printed. Scores are fractions.
"""

from __future__ import annotations

import re

import numpy as np

from convlens.findings import Finding
from convlens.formats.base import Blocks, Format, Restarts, Want
from convlens.formats.coco import ap_name
from convlens.formats.lines import NUMBER, same_form
from convlens.formats.matches import line_without_end, numbered
from convlens.formats.mmconfig import parse_config
from convlens.formats.mmlogs import best_checkpoints, configs_in, mm_blocks
from convlens.formats.naming import loss_column
from convlens.formats.row_files import about_broken, read_json_lines
from convlens.formats.rows import rows_of
from convlens.formats.text import Text, clean
from convlens.meters import Meter
from convlens.metrics import RATE, Better, Column, Role, Unit, score

_HEAD = re.compile(rb'\s*\{"(?:env_info|mmdet_version|mode)": |\s*\{[^\n]{0,20000}"mode": "(?:train|val)"')
_LOGGER = re.compile(rb" - mm(?!engine)[a-z]+ - [A-Z]+ - ")
_LINE = re.compile(
    rb"- INFO - (?P<axis>Epoch|Iter)(?P<val>\(val\))? \[ *(?P<first>\d{1,9})(?:/(?P<last>\d{1,9}))?\]"
    rb"(?:\[ *(?P<step>\d{1,9})(?:/(?P<of>\d{1,9}))?\])?[ \t]+(?P<values>[A-Za-z][^\n]*)$",
    re.MULTILINE,
)
_PAIR = re.compile(rb"([^\s:,]+): (" + NUMBER.encode() + rb")(?=,|$)")
_SCORE = re.compile(r"(?:(?P<task>bbox|segm|keypoints)_)?m?AP_?(?P<part>50|75|s|m|l)?")
_RECALL = re.compile(r"(?:bbox_)?AR@(\d{1,5})")
_NO_FIGURES = ("epoch", "iter", "of", "memory", "data_time", "time", "eta")


def recognise(name: str, head: bytes) -> bool:
    """Whether the first line is that of a `.log.json`, or lines are those of MMCV's logger."""
    del name
    return bool(_HEAD.match(head.lstrip(b"\xef\xbb\xbf")) or _LOGGER.search(head))


def describe(name: str) -> Column | None:
    """What a name is."""
    if name == "lr" or name in _NO_FIGURES:
        return RATE if name == "lr" else None
    if "loss" in name:
        return loss_column(name, Meter.INTERVAL)
    if metric := _SCORE.fullmatch(name):
        return score(ap_name(metric["task"] or "", metric["part"] or ""), unit=Unit.FRACTION)
    if recall := _RECALL.fullmatch(name):
        return score(f"ar_{recall[1]}", unit=Unit.FRACTION)
    accuracy = name == "acc" or name.endswith((".acc", "_acc"))
    unit, better = (Unit.PERCENT, Better.HIGHER) if accuracy else (Unit.NONE, Better.NEITHER)
    return Column(name, Role.METRIC, unit, better, Meter.INTERVAL)


def read(data: bytes, want: Want) -> Blocks:
    """Read a log of either form (see `Format.read`)."""
    del want
    cleaned, findings = clean(data)
    if cleaned.lstrip().startswith(b"{"):
        return _read_json(cleaned, list(findings))
    return _read_text(Text(cleaned), list(findings))


FORMAT = Format(
    "mmdetection",
    "epoch",
    Restarts.NEW_RUN,
    recognise,
    read,
    layout=(
        r"(?P<job>.*)/(?P<start>\d{8}_\d{6})\.log\.json",
        r"(?P<job>.*)/(?P<start>\d{8}_\d{6})\.log",
    ),
    example='{"mode": "train", "epoch": 1, "iter": 50, "lr": 0.002, "loss_cls": 1.138, "loss": 1.830}',
)


def _read_json(data: bytes, findings: list[Finding]) -> Blocks:
    lines, records, about = read_json_lines(data)
    numbered = list(zip(lines, records, strict=True))
    configs = [(n, parse_config(str(r["config"]))) for n, r in numbered if "config" in r]
    kept = [(n, r) for n, r in numbered if r.get("mode") in ("train", "val")]
    val = np.array([record["mode"] == "val" for _, record in kept], dtype=np.bool_)
    rows = rows_of([n for n, _ in kept], [record for _, record in kept])
    by_iteration = any("Iter" in str(values.get("runner")) for _, values in configs)
    return mm_blocks(rows, val, describe, by_iteration, configs, [*findings, *about])


def _read_text(text: Text, findings: list[Finding]) -> Blocks:
    found = numbered(text, _LINE)
    lines, records, val, broken = [], [], [], []
    tails: list[bytes] = []
    for number, match in found:
        pairs = _PAIR.findall(match["values"])
        if not pairs or (match.end() == len(text.data) and not same_form(match["values"], tails[-20:])):
            broken.append(number)
            continue
        place = {"epoch": match["first"], "iter": match["step"], "of": match["of"]}
        if match["axis"] == b"Iter":
            place = {"iter": match["first"]}
        values = {name.decode("utf-8", errors="replace"): value for name, value in pairs}
        lines.append(number)
        records.append(place | values)
        val.append(match["val"] is not None)
        tails.append(match["values"])
    return mm_blocks(
        rows_of(lines, records),
        np.array(val, dtype=np.bool_),
        describe,
        any(m["axis"] == b"Iter" for _, m in found),
        configs_in(text),
        [*findings, *about_broken(broken, line_without_end(text))],
        best_checkpoints(text),
    )
