"""Darknet (pjreddie's and AlexeyAB's): what it prints.

There are no epochs: the axis is the iteration, counted from 1. `loss` is that of one iteration, `avg` its
exponential moving average, a tenth of it new. mAP is a fraction.
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from convlens.findings import Code, Finding
from convlens.formats.base import Blocks, ClassScores, Config, Format, Plan, Restarts, Table, Want
from convlens.formats.epochs import epochs_before
from convlens.formats.lines import NUMBER
from convlens.formats.matches import numbered
from convlens.formats.naming import SECONDS
from convlens.formats.rows import rows_of
from convlens.formats.text import Text, clean
from convlens.meters import Ints, Meter
from convlens.metrics import RATE, Column, Role, Unit, loss, score

_N = NUMBER.encode()
_LINE = re.compile(
    rb"^[ \t]*(\d{1,9}): ("
    + _N
    + rb"), ("
    + _N
    + rb") avg(?: loss)?, ("
    + _N
    + rb") rate, ("
    + _N
    + rb") seconds, "
    rb"\d+ images",
    re.MULTILINE,
)
_BEGUN = re.compile(rb"^[ \t]*\d{1,9}: " + _N + rb", " + _N + rb" avg\b", re.MULTILINE)
_LAYERS = re.compile(rb"\blayer +filters +size(?:/strd\(dil\))? +input +output")
_MAP = re.compile(rb"mean average precision \(mAP@0\.50\) = (0?\.\d+|[01]\.\d+)")
_CLASS = re.compile(rb"class_id = \d+, name = ([^\n,]+), +ap = (\d+\.\d+) ?%")
_PLAN = re.compile(rb"^\d{1,9}/(\d{1,9}): loss=", re.MULTILINE)
_CFG = re.compile(rb"\A\s*([\w.-]*yolo[\w.-]*)[ \t]*\n", re.IGNORECASE)
_CUT = b"Streaming output truncated"
_COLUMNS = {
    "loss": loss("loss", Meter.LAST),
    "avg": Column("avg", Role.METRIC, meter=Meter.EMA),
    RATE.name: RATE,
}
_SCORE = score("map_50")


def recognise(name: str, head: bytes) -> bool:
    """Whether a line is that of an iteration, or the network's layers are printed."""
    del name
    return bool(_BEGUN.search(clean(head)[0]) or _LAYERS.search(head))


def read(data: bytes, want: Want) -> Blocks:
    """Read what was printed (see `Format.read`)."""
    cleaned, findings = clean(data)
    text = Text(cleaned)
    found = numbered(text, _LINE)
    names = ("iteration", "loss", "avg", RATE.name, SECONDS.name)
    rows = rows_of([n for n, _ in found], [dict(zip(names, m.groups(), strict=True)) for _, m in found])
    step = rows.whole_numbers("iteration")
    cut = []
    if _CUT in text.data[:10_000] and len(step) and step[0] > 1:
        sentence = f"the output was cut at its beginning: it begins at iteration {step[0]}"
        cut.append(Finding(Code.HEAD_MISSING, sentence))
    planned = _PLAN.findall(text.data)
    cfg = _CFG.match(text.data)
    name = cfg[1].decode(errors="replace").removesuffix(".cfg") if cfg else ""
    config = Config(
        values={"cfg": name} if name else {},
        plan=Plan(epochs=int(planned[-1]) if planned else None),
        identity={"detector": name.lower()} if name else {},
    )
    maps, classes = _scores(text, rows.line, step)
    return Blocks(
        columns=tuple(c for n, c in _COLUMNS.items() if n in rows.names),
        scores=(_SCORE,) if len(maps) else (),
        counts_from=1,
        close=rows.table({**_COLUMNS, SECONDS.name: SECONDS}, step),
        score=maps,
        class_ap=classes if want.class_ap else ClassScores(),
        configs=(config,),
        findings=(*findings, *cut),
        epoch_lines=len(found),
        why_empty="the network was printed, and no iteration of training",
    )


FORMAT = Format(
    "darknet",
    "iteration",
    Restarts.NEW_RUN,
    recognise,
    read,
    example=" 2534: 1.431136, 1.463985 avg loss, 0.000100 rate, 4.178511 seconds, 81088 images",
)


def _scores(text: Text, lines: Ints, step: Ints) -> tuple[Table, ClassScores]:
    """The evaluations, each with the classes before it, at the last iteration that was printed."""
    classes = ClassScores()
    found = numbered(text, _MAP, _CLASS)
    places = epochs_before(np.array([n for n, _ in found], dtype=np.int64), lines, step)
    waiting: list[tuple[str, float]] = []
    scored: list[tuple[int, int, bytes]] = []
    for (line, match), place in zip(found, places.tolist(), strict=True):
        if match.re is _CLASS:
            waiting.append((match[1].decode("utf-8", errors="replace"), float(match[2])))
            continue
        if place >= 0 and match.end() < len(text.data):
            scored.append((place, line, match[1]))
            for name, ap in waiting:
                classes.epoch.append(place)
                classes.line.append(line)
                classes.class_name.append(name)
                classes.ap.append(ap)
        waiting = []
    rows = rows_of([line for _, line, _ in scored], [{_SCORE.name: value} for _, _, value in scored])
    at = np.array([place for place, _, _ in scored], dtype=np.int64)
    return rows.table({_SCORE.name: replace(_SCORE, unit=Unit.FRACTION)}, at), classes
