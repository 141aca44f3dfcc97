"""Who a run is: detector, backbone, input size, dataset and teacher, each with where it was read from.

Names follow the model zoo: `ssd_512_mobilenet1.0_coco`, `faster_rcnn_fpn_resnet50_v1b_coco`; a second
backbone is the teacher's (`ssd_512_mobilenet1_0_resnet50_v1_voc_g_d_new`). Arguments lie: the name that
the script saved under is believed first, then the file's name, then the arguments; where none of them names
a detector, its losses do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from convlens.findings import Code, Finding
from convlens.run import Identity

# What stands before the backbone in a name; names of classifiers begin with it.
_DETECTORS = {
    "detection": re.compile(
        r"(?:^|[^a-z0-9])((?:custom_)?(?:ssd|yolo3|center_net|(?:faster|mask|doublehead|libra)_rcnn)"
        r"(?:_fpn)?(?:_(?:syncbn|bn|gn))?)(?=_|$)"
    ),
    "segmentation": re.compile(r"(?:^|_)(fcn|psp|deeplab(?:_?v3b?_?plus)?|icnet|danet|fastscnn)(?=_|$)"),
    "pose": re.compile(r"(?:^|_)((?:simple|mobile|alpha)_pose)(?=_|$)"),
    "depth": re.compile(r"(?:^|_)(monodepth2)(?=_|$)"),
    "action_recognition": re.compile(
        r"(?:^|_)(i3d(?:_nl\d+)?|slowfast_\d+x\d+|[cp]3d|r2plus1d|tsn)(?![a-z0-9])"
    ),
}
_BACKBONE = re.compile(
    r"(?<![a-z0-9])("
    r"(?:se_)?resnet\d+(?:_v\d[a-z]?)?(?:_dcnv2|_gn)?|resnest\d+|(?:se_)?resnext\d+(?:_\d+x\d+d)?"
    r"|vgg\d+(?:_bn)?(?:_atrous)?|mobilenet(?:v\d(?:_(?:small|large))?)?_?\d[._]\d+"
    r"|mobilenetv\d_(?:small|large)|darknet\d+|densenet\d+|dla\d+(?:_dcnv2)?|hourglass\d*|inceptionv\d"
    r"|squeezenet\d[._]\d|wideresnet\d+_\d+"
    r")(?![a-z0-9])"
)
_DATASET = re.compile(
    r"(?<![a-z0-9])(coco|voc|voc07|voc12|kitti|visdrone|openimages|imagenet|ilsvrc\d*|cifar\d*|citys|ade|mhpv1"
    r"|kinetics400|ucf101|hmdb51|sthsthv2)(?![a-z0-9])"
)
_SIZE = re.compile(r"(?:ssd|yolo3?|center_net)_(\d{3,4})(?![0-9])")
_SIDES = re.compile(r"(?<![a-z0-9])(\d{2,4}x\d{2,4})(?![a-z0-9])")
# Names of one dataset in arguments and files.
_DATASETS = {
    "pascal_voc": "voc",
    "pascal_aug": "voc",
    "ade20k": "ade",
    "cifar": "cifar10",
    "somethingsomethingv2": "sthsthv2",
    **dict.fromkeys(("ilsvrc", "ilsvrc2012"), "imagenet"),
}
Parts = dict[str, str | int]


def read_name(name: str, task: str = "detection") -> Parts:
    """The parts of an identity that a name tells."""
    lowered = name.lower().replace("-", "_")
    parts: Parts = {}
    if task in _DETECTORS and (detector := _DETECTORS[task].search(lowered)):
        parts["detector"] = detector[1]
    backbones = [_tidy(b) for b in _BACKBONE.findall(lowered)]
    if backbones:
        parts["backbone"] = backbones[0]
    if len(backbones) > 1:
        parts["teacher"] = backbones[1]
    if dataset := _DATASET.search(lowered):
        parts["dataset"] = _DATASETS.get(dataset[1], dataset[1])
    if size := _SIZE.search(lowered):
        parts["input_size"] = int(size[1])
    elif task in ("pose", "depth") and (sides := _SIDES.search(lowered)):
        parts["input_size"] = sides[1]
    return parts


def identify(
    file_name: str,
    arguments: Mapping[str, object],
    detector: str | None = None,
    task: str = "detection",
    config: Mapping[str, str | int] | None = None,
) -> tuple[Identity, list[Finding]]:
    """The identity of a run, and what contradicts it.

    `detector` is the one whose losses the log prints; `config` are parts that a config in the log tells.
    """
    prefix = arguments.get("save_prefix")
    told: list[tuple[str, Parts]] = [
        ("save_prefix", read_name(str(prefix), task) if isinstance(prefix, str) else {}),
        ("config", dict(config or {})),
        ("file name", read_name(file_name, task)),
        ("arguments", _from_arguments(arguments) if task == "detection" else _of_task(arguments, task)),
    ]
    values: Parts = {}
    sources: dict[str, str] = {}
    findings = []
    for source, parts in told:
        for part, value in parts.items():
            if part not in values:
                values[part], sources[part] = value, source
            elif value != values[part]:
                says = "the arguments say" if source == "arguments" else f"the {source} says"
                text = f"{says} {part}={value!r}, but the {sources[part]} says {values[part]!r}"
                findings.append(Finding(Code.NAME_CONTRADICTED, f"{text}, which is believed"))
    if detector and "detector" not in values:
        values["detector"], sources["detector"] = detector, "loss names"
    return Identity(task=task, **values, sources=sources), findings  # type: ignore[arg-type]


def _from_arguments(arguments: Mapping[str, object]) -> Parts:
    parts: Parts = {}
    network, dataset = arguments.get("network"), arguments.get("dataset")
    if isinstance(network, str) and network:
        named = read_name(network)
        parts["backbone"] = named.get("backbone", network)
    if isinstance(dataset, str) and dataset:
        parts["dataset"] = dataset.lower()
    size = arguments.get("data_shape")
    if isinstance(size, int) and not isinstance(size, bool):
        parts["input_size"] = size
    return parts


def _of_task(arguments: Mapping[str, object], task: str) -> Parts:
    """What the arguments tell where no detector is trained: their names differ by script."""
    texts = {name: value for name, value in arguments.items() if isinstance(value, str) and value}
    model = texts.get("model_zoo", texts.get("model", ""))
    parts = read_name(model, task)
    if task == "classification" and model:
        parts.setdefault("backbone", model)
    if backbone := texts.get("backbone"):
        parts.setdefault("backbone", backbone)
    if teacher := texts.get("teacher"):
        parts["teacher"] = teacher
    if arguments.get("use_tsn"):
        parts.setdefault("detector", "tsn")
    for name in ("dataset", "data_dir", "rec_train"):
        told = texts.get(name, "").lower()
        known = _DATASETS.get(told) or read_name(told, task).get("dataset")
        if found := known or (told if name == "dataset" else ""):
            parts.setdefault("dataset", found)
    if size := _size(arguments):
        parts["input_size"] = size
    return parts


def _size(arguments: Mapping[str, object]) -> int | str | None:
    """The input size: one side, or two as they are named (`256x192`, `640x192`)."""
    size = arguments.get("input_size", arguments.get("crop_size"))
    if isinstance(size, int) and not isinstance(size, bool):
        return size
    sides = size.split(",") if isinstance(size, str) else [arguments.get(n) for n in ("width", "height")]
    if len(sides) == 2 and all(re.fullmatch(r" *\d{1,5} *", str(side)) for side in sides):
        return "x".join(str(side).strip() for side in sides)
    return None


def _tidy(backbone: str) -> str:
    """`mobilenet1_0` is written `mobilenet1.0`."""
    return re.sub(r"(mobilenet|squeezenet)(.*?)(\d)_(\d+)$", r"\1\2\3.\4", backbone)
