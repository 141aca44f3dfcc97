"""YOLOX: `train_log.txt`, written by loguru.

Printed losses are those of one iteration, with one decimal: an epoch's mean is that of its lines. COCO's
table holds fractions, the closing line's best AP is a percentage. The file is appended to at each start.
"""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np

from convlens.findings import Code, Finding
from convlens.formats.base import Blocks, ClassScores, Config, Format, Plan, Restarts, Want, marks
from convlens.formats.coco import tables_in
from convlens.formats.epochs import closed_epochs, epochs_before
from convlens.formats.gluoncv.namespace import parse_namespace
from convlens.formats.lines import NUMBER, same_form
from convlens.formats.matches import line_numbers, line_without_end, numbered
from convlens.formats.mmconfig import parse_config
from convlens.formats.naming import loss_column, name_columns
from convlens.formats.nested import Values, whole
from convlens.formats.row_files import about_broken
from convlens.formats.rows import Rows, rows_of
from convlens.formats.text import Text, clean
from convlens.meters import Ints, Meter
from convlens.metrics import RATE, Column, Unit, score

_LOGGER = re.compile(rb"\| yolox\.\w+\.\w+:")
_LINE = re.compile(
    rb":after_iter:\d+ - epoch: (\d{1,7})/(\d{1,7}), iter: (\d{1,9})/(\d{1,9}), ([^\n]*)$", re.MULTILINE
)
_PAIR = re.compile(rb"(\w+): (" + NUMBER.encode() + rb")(s?)(?=,|$)")
_STARTED = re.compile(rb"- args: (Namespace\([^\n]*\))[ \t]*$", re.MULTILINE)
_SETTING = re.compile(r"^[│|]([^│|\n]*)[│|]([^│|\n]*)[│|][ \t]*$", re.MULTILINE)
_LAST_SETTING = re.compile(rb"^[^\n]{0,40}\| \w+ +\|", re.MULTILINE)
_TABLE = re.compile(rb"()(?=Average Precision +\(AP\) @\[ IoU=0\.50:0\.95 +\| area= +all )")
_CLASSES = re.compile(rb"per class AP:[ \t]*\n((?:\|[^\n]*\n)+)")
_BEST = re.compile(rb"best AP is (\d[\d.]*)[ \t]*$", re.MULTILINE)
_NO_MOSAIC = b"--->No mosaic aug now!"


def recognise(name: str, head: bytes) -> bool:
    """Whether lines are those of YOLOX's modules behind loguru."""
    del name
    return bool(_LOGGER.search(head))


def describe(name: str) -> Column | None:
    """What a name is; the table's scores go by their own names."""
    if name.startswith(("map", "ar_")):
        return score(name, unit=Unit.FRACTION)
    if name == "lr":
        return RATE
    return loss_column(name, Meter.LAST) if name.endswith("_loss") else None


def read(data: bytes, want: Want) -> Blocks:
    """Read a log (see `Format.read`)."""
    cleaned, findings = clean(data)
    text = Text(cleaned)
    rows, broken, planned = _rows(text)
    named = name_columns(rows.names, describe)
    epoch, done = rows.whole_numbers("epoch"), rows.whole_numbers("iter")
    places = np.array([m.start() for m in _LINE.finditer(text.data)], dtype=np.int64)
    tables, cut = tables_in(text, places, _TABLE)
    judged = name_columns(tables.names, describe)
    starts = list(_STARTED.finditer(text.data))
    configs = [_config(text, match, planned) for match in starts]
    configs = configs or ([Config(plan=Plan(epochs=planned))] if planned else [])
    return Blocks(
        columns=named.columns,
        not_taken=named.not_taken,
        scores=judged.score_columns,
        counts_from=1,
        train=rows.table(named.train, epoch, done),
        close=closed_epochs(rows.line, epoch, done, rows.whole_numbers("of"), rows.column("iter_time")),
        score=tables.table(judged.scores, epochs_before(tables.line, rows.line, epoch)),
        starts=marks(line_numbers(text, starts)),
        class_ap=_classes(text, rows.line, epoch) if want.class_ap else ClassScores(),
        configs=tuple(configs),
        findings=(
            *findings,
            *about_broken(broken, line_without_end(text)),
            *cut,
            *_about(text, rows, tables),
        ),
        epoch_lines=len(rows),
        why_empty="no line of training follows",
    )


FORMAT = Format(
    "yolox",
    "epoch",
    Restarts.NEW_RUN,
    recognise,
    read,
    example="… | INFO | yolox.core.trainer:after_iter:246 - epoch: 1/300, iter: 10/47, total_loss: 0.9",
)


def _rows(text: Text) -> tuple[Rows, list[int], int | None]:
    """The lines of training, the numbers of those that are not whole, and the epochs that they plan."""
    lines, records, broken = [], [], []
    tails: list[bytes] = []
    planned = None
    for number, match in numbered(text, _LINE):
        # What has a unit but seconds is no figure of training.
        pairs = {name.decode(): value for name, value, _ in _PAIR.findall(match[5])}
        if not pairs or (match.end() == len(text.data) and not same_form(match[5], tails[-20:])):
            broken.append(number)
            continue
        lines.append(number)
        records.append({**pairs, "epoch": match[1], "iter": match[3], "of": match[4]})
        tails.append(match[5])
        planned = int(match[2])
    return rows_of(lines, records), broken, planned


def _config(text: Text, start: re.Match[bytes], planned: int | None) -> Config:
    """The arguments of a start and the table of the experiment behind them."""
    values: Values = parse_namespace(start[1].decode("utf-8", errors="replace"))
    behind = text.data[start.end() : start.end() + 20_000]
    # The table ends where the second message behind it begins.
    heads = [m.start() for m in _LAST_SETTING.finditer(behind)][1:2]
    for key, value in _SETTING.findall(
        behind[: heads[0] if heads else None].decode("utf-8", errors="replace")
    ):
        if key.strip().isidentifier() and key.strip() != "keys":
            values |= parse_config(f"{key.strip()} = {value.strip()}")
    epochs = whole(values.get("max_epoch"))
    every = whole(values.get("eval_interval"))
    plan = Plan(epochs=planned if epochs is None else epochs, validate_every=every or None)
    return Config(text.line_number(start.start()), values, plan, _identity(values))


def _identity(values: Values) -> dict[str, str | int]:
    parts: dict[str, str | int] = {"detector": "yolox"}
    name, size = str(values.get("exp_name", values.get("experiment_name", ""))), values.get("input_size")
    if model := re.search(r"yolox[-_](nano|tiny|s|m|l|x)(?![a-z])", name):
        parts["backbone"] = f"cspdarknet_{model[1]}"
    if isinstance(size, list | tuple) and len(size) == 2 and size[0] == size[1] and whole(size[0]):
        parts["input_size"] = size[0]
    return parts


def _classes(text: Text, lines: Ints, epoch: Ints) -> ClassScores:
    """The tables of class APs, in percent."""
    classes = ClassScores()
    found = list(_CLASSES.finditer(text.data))
    numbers = line_numbers(text, found)
    for match, line, number in zip(
        found, numbers.tolist(), epochs_before(numbers, lines, epoch).tolist(), strict=True
    ):
        cells = [
            c.strip().decode("utf-8", errors="replace") for c in re.split(rb"[|\n]", match[1]) if c.strip()
        ]
        for name, value in pairwise(cells):
            if number >= 0 and re.fullmatch(r"\d+\.\d+", value):
                classes.epoch.append(number)
                classes.line.append(line)
                classes.class_name.append(name)
                classes.ap.append(float(value))
    return classes


def _about(text: Text, rows: Rows, tables: Rows) -> list[Finding]:
    """A term that joins the total when the mosaics end, and a best AP that no table shows."""
    findings = []
    added, epoch = rows.column("l1_loss") > 0, rows.whole_numbers("epoch")
    if _NO_MOSAIC in text.data and added.any() and not added.all():
        first = int(epoch[np.flatnonzero(added)[0]])
        sentence = f"l1_loss is added from epoch {first} on, where mosaics end: a rise there is no divergence"
        findings.append(Finding(Code.TERM_ADDED, sentence))
    best = [match for match in _BEST.finditer(text.data) if float(match[1].rstrip(b".") or 0) > 0]
    if best and not len(tables):
        sentence = f"the best AP is {best[-1][1].decode()} [%], of an epoch that the log does not tell"
        findings.append(
            Finding(Code.SCORES_WITHOUT_EPOCH, sentence, f"line {text.line_number(best[-1].start())}")
        )
    return findings
