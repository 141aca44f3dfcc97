"""The Python configs that MMDetection prints: parsed, never executed."""

from __future__ import annotations

import ast
import math
import re
import warnings
from pathlib import PurePosixPath

from convlens.formats.base import Config, Plan
from convlens.formats.nested import Values, at, first, flat, whole

_LONGEST, _DEEPEST = 1_000_000, 40


def parse_config(text: str) -> Values:
    """The values assigned in a config, `dict(a=1)` as a mapping; what is no literal stays text.

    Empty where the text is no Python, is longer than a megabyte or nested too deep.
    """
    if len(text) > _LONGEST:
        return {}
    with warnings.catch_warnings(action="ignore"):  # of the parser, about text that is no code of ours
        try:
            module = ast.parse(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return {}
    values: Values = {}
    for statement in module.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            values[statement.targets[0].id] = _value(statement.value, 0)
    return values


def _value(node: ast.expr, depth: int) -> object:
    if depth > _DEEPEST:
        return "…"
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "dict"
        and not node.args
    ):
        return {k.arg: _value(k.value, depth + 1) for k in node.keywords if k.arg}
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        return {str(_value(key, depth + 1)): _value(value, depth + 1) for key, value in pairs if key}
    if isinstance(node, ast.List | ast.Tuple):
        return [_value(item, depth + 1) for item in node.elts]
    try:
        value: object = ast.literal_eval(node)
        repr(value)  # an integer of more digits than Python prints
    except (ValueError, TypeError, MemoryError, RecursionError):
        return type(node).__name__
    return value


def config_of(values: Values, line: int) -> Config:
    """The arguments of a run: nested names joined by dots, what they promise, and what is trained."""
    return Config(line, flat(values), plan_of(values), identity_of(values))


def plan_of(values: Values) -> Plan:
    """What a config of MMDetection 2 or MMEngine promises; where it trains by iterations, in iterations."""
    loop = first(at(values, "train_cfg"), at(values, "runner"))
    epochs = first(at(loop, "max_epochs"), at(loop, "max_iters"), at(values, "total_epochs"))
    rate = first(at(values, "optim_wrapper", "optimizer", "lr"), at(values, "optimizer", "lr"))
    every = first(at(loop, "val_interval"), at(values, "evaluation", "interval"), 1)
    return Plan(
        epochs=whole(epochs),
        rate=rate if isinstance(rate, float) and math.isfinite(rate) else None,
        drops=_drops(values),
        validate_every=whole(every) if {"evaluation", "val_evaluator", "val_cfg"} & set(values) else None,
    )


def _drops(values: Values) -> tuple[float, ...]:
    """The first epochs or iterations, numbered from 1, with a lower rate: milestones count those before."""
    by_epoch = at(first(at(values, "train_cfg"), at(values, "runner")), "max_iters") is None
    found: list[object] = []
    schedulers = at(values, "param_scheduler")
    for scheduler in [
        *(schedulers if isinstance(schedulers, list) else [schedulers]),
        at(values, "lr_config"),
    ]:
        steps = first(at(scheduler, "milestones"), at(scheduler, "step"))
        if isinstance(steps, list) and first(at(scheduler, "by_epoch"), True) is by_epoch:
            found += steps
    return tuple(sorted(float(step) + 1 for step in map(whole, found) if step is not None))


def identity_of(values: Values) -> dict[str, str | int]:
    """Detector, backbone, dataset, input size and teacher, as far as a config tells them."""
    model = at(values, "model")
    parts: dict[str, str | int] = {}
    student = first(at(model, "architecture", "cfg_path"), at(model, "student", "cfg_path"))
    if isinstance(student, str):  # mmdet::retinanet/retinanet_r50_fpn_1x_coco.py
        path = PurePosixPath(student.rpartition("::")[2])
        parts["detector"] = path.parent.name.replace("-", "_") or path.stem.partition("_")[0]
        if backbone := re.search(r"_r(\d+)(?=[_-])", path.stem):
            parts["backbone"] = f"resnet{backbone[1]}"
        parts["teacher"] = PurePosixPath(str(at(model, "teacher", "cfg_path"))).stem
    elif isinstance(kind := at(model, "type"), str):
        parts["detector"] = re.sub(r"rcnn$", "_rcnn", kind.rpartition(".")[2].lower())
        parts |= _backbone(at(model, "backbone"))
    parts |= _dataset(values)
    return parts


def _backbone(backbone: object) -> dict[str, str | int]:
    kind, size = at(backbone, "type"), first(at(backbone, "depth"), at(backbone, "arch"), "")
    if not isinstance(kind, str):
        return {}
    joined = f"{kind.lower()}{size}" if isinstance(size, int) else f"{kind.lower()}_{size}".rstrip("_")
    return {"backbone": joined if isinstance(size, str | int) else kind.lower()}


def _dataset(values: Values) -> dict[str, str | int]:
    kind = first(at(values, "dataset_type"), at(values, "train_dataloader", "dataset", "type"))
    root = first(at(values, "data_root"), at(values, "train_dataloader", "dataset", "data_root"))
    if not isinstance(kind, str):
        return {}
    name = re.sub(r"dataset$", "", kind.rpartition(".")[2].lower())
    folders = (
        [part for part in PurePosixPath(root).parts if part not in (".", "..", "/")]
        if isinstance(root, str)
        else []
    )
    if (
        name == "coco"
        and folders
        and not any(re.fullmatch(r"(?i)ms_?coco|coco(?:2017)?", part) for part in folders)
    ):
        name = folders[-1]  # other data in COCO's form
    return {"dataset": name} if name else {}
