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

_DETECTOR = re.compile(
    r"(?:^|[^a-z0-9])((?:custom_)?(?:ssd|yolo3|center_net|(?:faster|mask|doublehead|libra)_rcnn)"
    r"(?:_fpn)?(?:_(?:syncbn|bn|gn))?)(?=_|$)"
)
_BACKBONE = re.compile(
    r"(?<![a-z0-9])("
    r"resnet\d+(?:_v\d[a-z]?)?(?:_dcnv2)?|resnest\d+|resnext\d+(?:_\d+x\d+d)?|se_resnet\d+(?:_v\d[a-z]?)?"
    r"|vgg\d+(?:_bn)?(?:_atrous)?|mobilenet(?:v\d(?:_(?:small|large))?)?_?\d[._]\d+|darknet\d+"
    r"|densenet\d+|dla\d+(?:_dcnv2)?|hourglass\d*|inceptionv\d|squeezenet\d[._]\d"
    r")(?![a-z0-9])"
)
_DATASET = re.compile(r"(?<![a-z0-9])(coco|voc|voc07|voc12|kitti|visdrone|openimages)(?![a-z0-9])")
_SIZE = re.compile(r"(?:ssd|yolo3?|center_net)_(\d{3,4})(?![0-9])")


def read_name(name: str) -> dict[str, str | int]:
    """The parts of an identity that a name tells."""
    lowered = name.lower().replace("-", "_")
    parts: dict[str, str | int] = {}
    if detector := _DETECTOR.search(lowered):
        parts["detector"] = detector[1]
    backbones = [_tidy(b) for b in _BACKBONE.findall(lowered)]
    if backbones:
        parts["backbone"] = backbones[0]
    if len(backbones) > 1:
        parts["teacher"] = backbones[1]
    if dataset := _DATASET.search(lowered):
        parts["dataset"] = dataset[1]
    if size := _SIZE.search(lowered):
        parts["input_size"] = int(size[1])
    return parts


def identify(
    file_name: str, arguments: Mapping[str, object], detector: str | None = None
) -> tuple[Identity, list[Finding]]:
    """The identity of a run, and what contradicts it; `detector` is the one whose losses the log prints."""
    prefix = arguments.get("save_prefix")
    told: list[tuple[str, dict[str, str | int]]] = [
        ("save_prefix", read_name(str(prefix)) if isinstance(prefix, str) else {}),
        ("file name", read_name(file_name)),
        ("arguments", _from_arguments(arguments)),
    ]
    values: dict[str, str | int] = {}
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
    return Identity(**values, sources=sources), findings  # type: ignore[arg-type]


def _from_arguments(arguments: Mapping[str, object]) -> dict[str, str | int]:
    parts: dict[str, str | int] = {}
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


def _tidy(backbone: str) -> str:
    """`mobilenet1_0` is written `mobilenet1.0`."""
    return re.sub(r"(mobilenet|squeezenet)(.*?)(\d)_(\d+)$", r"\1\2\3.\4", backbone)
