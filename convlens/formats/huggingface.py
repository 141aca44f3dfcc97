"""Hugging Face's Trainer: `trainer_state.json`, one JSON document whose `log_history` is the list of rows.

The axis is the step; the epoch that stands beside it may be rounded. A loss is the mean since the row before.
What a metric is called, and which way is better, is the user's: COCO's scores, shares and losses are known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from convlens.formats.base import Blocks, Checkpoint, ClassScores, Config, Format, Plan, Restarts, Want
from convlens.formats.coco import SUFFIXES, ap_name
from convlens.formats.naming import loss_column, name_columns
from convlens.formats.nested import Values, flat, whole
from convlens.formats.row_files import read_json_document
from convlens.formats.rows import Rows, in_percent, rows_of
from convlens.formats.text import clean
from convlens.meters import Ints, Meter
from convlens.metrics import RATE, Better, Column, Role, Unit, score

_KEY = "log_history"
_HEAD = re.compile(rb'\s*\{.*?"log_history"\s*:\s*\[', re.DOTALL)
_MAP = re.compile(r"eval_map(?:_(.+))?")
_RECALL = re.compile(r"eval_mar_(\d+|small|medium|large)")
_SHARE = re.compile(r"(?i).*(?:acc|f1|precision|recall|auroc|auc|iou|dice)(?:uracy)?(?:_.*)?")
_NO_FIGURES = re.compile(
    r"epoch|step|.*(?:_runtime|_per_second|_preparation_time)|eval_mar_\d+_.+|total_flos"
)
_MAIN = ("map", "map_50", "eval_overall_f1", "eval_accuracy", "eval_f1", "eval_mean_iou")
_WHOLE_RUN = "train_runtime"  # stands in the row that sums the run up


def recognise(name: str, head: bytes) -> bool:
    """Whether the file is a JSON document with a history of its log."""
    del name
    return bool(_HEAD.match(head.lstrip(b"\xef\xbb\xbf")))


def describe(name: str) -> Column | None:
    """What a name is."""
    if name == "learning_rate" or _NO_FIGURES.fullmatch(name):
        return RATE if name == "learning_rate" else None
    if metric := _MAP.fullmatch(name):
        part = metric[1] or ""
        return score(ap_name("", part), unit=Unit.FRACTION) if part in SUFFIXES else None  # a class's
    if recall := _RECALL.fullmatch(name):
        return score(f"ar_{recall[1]}", unit=Unit.FRACTION)
    if name.startswith("eval_"):
        share, a_loss = bool(_SHARE.fullmatch(name)), name.endswith("loss")
        better = Better.HIGHER if share else Better.LOWER if a_loss else Better.NEITHER
        return score(name, better, Unit.FRACTION if share else Unit.NONE)
    if "loss" in name:
        return loss_column(name, Meter.INTERVAL)
    return Column(name, Role.METRIC, better=Better.NEITHER, meter=Meter.INTERVAL)


def read(data: bytes, want: Want) -> Blocks:
    """Read a document (see `Format.read`)."""
    cleaned, findings = clean(data)
    document, items, cut = read_json_document(cleaned, _KEY)
    history = [item for item in items if _WHOLE_RUN not in item]
    rows = rows_of([n for n, item in enumerate(items, 1) if _WHOLE_RUN not in item], history)
    named = name_columns(rows.names, describe, _MAIN)
    step = rows.whole_numbers("step")
    losses = [n for n, c in named.train.items() if c.role in (Role.LOSS, Role.TOTAL)]
    return Blocks(
        columns=named.columns,
        not_taken=named.not_taken,
        scores=named.score_columns,
        counts_from=1,
        close=rows.table(named.train, step, rows=rows.has(losses)),
        score=rows.table(named.scores, step),
        class_ap=_classes(rows, step) if want.class_ap else ClassScores(),
        configs=(_config(document, items),),
        checkpoints=_checkpoints(document),
        findings=(*findings, *cut, *named.findings),
        epoch_lines=len(rows),
        why_empty="its log_history holds neither a loss nor an evaluation",
    )


def with_config(blocks: Blocks, config: bytes) -> Blocks:
    """What the `config.json` of the model tells."""
    model, _, _ = read_json_document(config, "architectures")
    kinds = model.get("architectures")
    kind = kinds[0] if isinstance(kinds, list) and kinds else None
    if not isinstance(kind, str):
        return blocks
    detector = re.sub(r"(?<=.)For[A-Z]\w*$", "", kind).lower()
    told: Values = {name: model[name] for name in ("architectures", "_name_or_path") if name in model}
    configs = [replace(c, values={**c.values, **told}) for c in blocks.configs]
    return replace(blocks, configs=tuple(replace(c, identity={"detector": detector}) for c in configs))


FORMAT = Format(
    "huggingface",
    "iteration",
    Restarts.NEW_RUN,
    recognise,
    read,
    {"config.json": with_config},
    (
        r"(?P<job>(?:(?!/checkpoint-\d+/).)*)/trainer_state\.json",
        r"(?P<job>.*)/checkpoint-(?P<copy>\d+)/trainer_state\.json",
    ),
    example='{"best_metric": 0.5, "log_history": [{"epoch": 0.03, "loss": 0.1091, "step": 100}]}',
)


def _config(document: Mapping[str, object], items: Sequence[Mapping[str, object]]) -> Config:
    """What the document says of the run beside its history, and the row that sums it up."""
    left_out = (_KEY, "stateful_callbacks", "epoch", "global_step")
    values: Values = {n: v for n, v in document.items() if n not in left_out and v is not None}
    for item in items:
        if _WHOLE_RUN in item:
            values |= {n: v for n, v in item.items() if n.startswith("train_")}
    told = {n: int(v) if isinstance(v, float) and v.is_integer() else v for n, v in flat(values).items()}
    return Config(values=told, plan=Plan(epochs=whole(told.get("max_steps"))))


def _checkpoints(document: Mapping[str, object]) -> tuple[Checkpoint, ...]:
    path = document.get("best_model_checkpoint")
    step = re.search(r"checkpoint-(\d{1,9})/?$", path) if isinstance(path, str) else None
    return (Checkpoint(int(step[1]), 0, str(path), best=True),) if step else ()


def _classes(rows: Rows, step: Ints) -> ClassScores:
    """The class APs in percent, a number for each class's name."""
    told = {n: m[1] for n in rows.names if (m := _MAP.fullmatch(n)) and (m[1] or "") not in SUFFIXES}
    at = np.flatnonzero(rows.has(told) & (step >= 0)).tolist()
    columns = {name: in_percent(rows.column(name)) for name in told}
    return ClassScores(
        [int(step[n]) for n in at for _ in told],
        [int(rows.line[n]) for n in at for _ in told],
        [class_name for _ in at for class_name in told.values()],
        [float(columns[name][n]) if columns[name][n] >= 0 else np.nan for n in at for name in told],
    )
