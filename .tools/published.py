"""The published logs as their list has them, cleaned into rows of the package's own table.

The list is a CSV of log, task, bytes, sha256, url, zoo_table, zoo_model and published: one row a model of the
model zoo, with its scores as the zoo's pages print them, and one a log that they do not name.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from convlens.identity import read_name
from convlens.zoo.catalog import folded

FIELDS = (
    *("name", "aliases", "task", "family", "dataset", "input_size"),
    *("log", "url", "bytes", "sha256", "published"),
)
Row = Mapping[str, str]

_DETECTORS = ("detection", "instance", "distillation")
_FAMILIES = (  # of what is no detector: how the name begins
    *("simple_pose", "mobile_pose", "monodepth2", "deeplab", "fastscnn", "fcn", "icnet", "psp"),
    *("c3d", "i3d", "p3d", "r2plus1d", "slowfast", "se_resnext", "resnext", "resnest", "wideresnet"),
    *("resnet", "mobilenet", "darknet", "googlenet", "inception", "vgg", "xception"),
)
_DATASETS = {  # told by a folder or by a part of the name
    **{name: name for name in ("imagenet", "kinetics400", "hmdb51", "ucf101", "kitti", "coco", "voc")},
    **{name: name for name in ("ade", "citys", "mhpv1", "sthsthv2")},
    "cifar": "cifar10",
    "pose": "coco",
}
_METRICS = {  # those that stand for a run first
    "Box AP": "box AP",
    "Segm AP": "segm AP",
    "mAP": "mAP",
    "OKS AP": "OKS AP",
    "OKS AP (with flip)": "OKS AP",
    "mIoU": "mIoU",
    "pixAcc": "pixAcc",
    "Top-1": "top-1",
    "Top-5": "top-5",
    "Abs. Rel. Error": "abs rel",
    "delta < 1.25": "delta < 1.25",
}
_THRESHOLDS = ("", "50", "75")  # of three numbers: over all thresholds of IoU or OKS, at 0.50 and at 0.75


def cleaned(path: Path) -> list[dict[str, str]]:
    """One row of FIELDS a log, by name."""
    with path.open(encoding="utf-8") as file:
        listed = list(csv.DictReader(file))
    facts = {row["log"]: row for row in listed}
    models: dict[str, list[Row]] = {log: [] for log in facts}
    for row in listed:
        if row["zoo_model"]:
            models[row["log"]].append(row)
    _to_their_own_logs(models)
    names = {log: _name(log, models) for log in facts}
    rows = [_entry(facts[log], names, models) for log in facts]
    return sorted(rows, key=lambda row: row["name"])


def _to_their_own_logs(models: dict[str, list[Row]]) -> None:
    """The zoo's page links the log of ResNet152_v1b for ResNet152_v1c too, which has one of its own."""
    own = {folded(Path(log).stem): log for log, rows in models.items() if not rows}
    for rows in list(models.values()):
        for row in list(rows):
            if log := own.get(folded(_model(row))):
                rows.remove(row)
                models[log].append(row)


def _entry(facts: Row, names: Mapping[str, str], models: Mapping[str, Sequence[Row]]) -> dict[str, str]:
    log, task, name = facts["log"], facts["task"], names[facts["log"]]
    scores = [score for row in models[log] for score in _published(row, log)]
    if task == "classification" and log.endswith("_mixup.log") and not scores:  # told beside those without
        plain = log.replace("_mixup.log", ".log")
        scores = [score for row in models.get(plain, ()) for score in _published(row, log)]
    return {
        "name": name,
        "aliases": "; ".join(_aliases(log, names, models[log])),
        "task": task,
        "family": _family(name, task),
        "dataset": _dataset(log, name),
        "input_size": _input_size(name, models[log]),
        "log": log,
        "url": facts["url"],
        "bytes": facts["bytes"],
        "sha256": facts["sha256"],
        "published": "; ".join(scores),
    }


def _name(log: str, models: Mapping[str, Sequence[Row]]) -> str:
    """The model's where no other log has that model, else the file's."""
    stem = re.sub(r"_train(?=_|$)", "", Path(log).stem)
    name = re.sub(r"[-+]", "_", stem).lower()
    named = [_model(row) for row in models[log]]
    if not named:
        return name
    if log.startswith("distillation"):
        return f"{named[0]}_distilled_{_dataset(log, name)}"
    owners = {other for other, rows in models.items() for row in rows if _model(row) == named[0]}
    return named[0] if len(owners) == 1 or folded(name) == folded(named[0]) else name


def _aliases(log: str, names: Mapping[str, str], rows: Sequence[Row]) -> list[str]:
    """The file's name, as it is and as runs are labelled, and the model's; never the name of another log."""
    stem = Path(log).stem
    told = {stem.removesuffix("_train"), stem}
    if not log.startswith("distillation"):  # which is told under its student's name
        told |= {_model(row) for row in rows}
    taken = {folded(name) for name in names.values()}
    return sorted(alias for alias in told if folded(alias) not in taken)


def _model(row: Row) -> str:
    """`:tag:ResNet50_v1d` and `yolo3_darknet53_coco (320x320)` without what is around the name."""
    return row["zoo_model"].removeprefix(":tag:").partition(" (")[0].lower()


def _family(name: str, task: str) -> str:
    if task in _DETECTORS:
        return str(read_name(name)["detector"])
    return next(family for family in _FAMILIES if name.removeprefix("cifar_").startswith(family))


def _dataset(log: str, name: str) -> str:
    """The folder tells it (`hmdb51/i3d_resnet50_v1_hmdb51_kinetics400`), else the end of the name."""
    parts = [*log.split("/")[:-1], *reversed(name.split("_"))]
    return next(_DATASETS[part] for part in parts if part in _DATASETS)


def _input_size(name: str, rows: Sequence[Row]) -> str:
    """In pixels, where it is told and is one: YOLOv3 has scores at several."""
    if size := read_name(name).get("input_size"):
        return str(size)
    told = {size for row in rows for size in re.findall(r"\d+x\d+(?=\)|$)", row["zoo_model"])}
    return told.pop() if len(told) == 1 else ""


def _published(row: Row, log: str) -> Iterator[str]:
    """`Box AP=21.7/39.2/21.3` as `21.7 box AP`, `39.2 box AP50` and `21.3 box AP75`, and so on."""
    told = dict(item.split("=", 1) for item in row["published"].split("; ") if item)
    numbers = {what: re.findall(r"\d+(?:\.\d+)?", text) for what, text in told.items()}
    if "mAP(Orig/F)" in told:
        plain, flip = numbers["mAP(Orig/F)"]
        yield from (f"{plain} mAP without flip", f"{flip} mAP with flip")
    if "Acc (Vanilla/Mix-Up [13]_ )" in told:
        plain, mixup = numbers["Acc (Vanilla/Mix-Up [13]_ )"]
        yield f"{mixup} top-1 with mixup" if log.endswith("_mixup.log") else f"{plain} top-1 without mixup"
    for what, metric in _METRICS.items():
        condition = _condition(row, told) + (" with flip" if what.endswith("(with flip)") else "")
        for number, threshold in zip(numbers.get(what, ()), _THRESHOLDS, strict=False):
            yield f"{number} {metric}{threshold}{condition}"


def _condition(row: Row, told: Mapping[str, str]) -> str:
    """What a score depends on beside the log: the test's input, or how clips were made."""
    size = re.search(r"\((\d+x\d+)\)$", row["zoo_model"])
    if size or "Resolution" in told:
        return f" at {size[1] if size else told['Resolution']}"
    if "Segments" not in told:
        return ""
    origin = told["Pretrained"].replace("K400", "Kinetics-400").replace(", ", " and ")
    pretraining = "without pretraining" if origin == "Scratch" else f"with {origin} pretraining"
    segments, frames = told["Segments"], told["Clip Length"].partition(" ")[0]
    ending, plural = "s" * (segments != "1"), "s" * (frames != "1")
    return f" {pretraining}, {segments} segment{ending} of {frames} frame{plural}"
