"""The kinds of logs that convlens reads; a new kind is one module that defines a `Format`."""

from __future__ import annotations

from convlens.formats import (
    darknet,
    detectron2,
    detr,
    huggingface,
    keras,
    lightning,
    mmdetection,
    mmengine,
    paddledetection,
    tensorboard,
    torchvision,
    ultralytics,
    yolox,
)
from convlens.formats.base import Format
from convlens.formats.gluoncv import action_recognition, classification, depth, detection, pose, segmentation
from convlens.formats.plugins import registered

# What shares its lines with others and has some of its own is asked before them.
FORMATS: tuple[Format, ...] = (
    tensorboard.FORMAT,
    detection.FORMAT,
    action_recognition.FORMAT,
    pose.FORMAT,
    depth.FORMAT,
    classification.FORMAT,
    segmentation.FORMAT,
    ultralytics.FORMAT,
    mmdetection.FORMAT,
    detectron2.FORMAT,
    lightning.FORMAT,
    detr.FORMAT,
    huggingface.FORMAT,
    torchvision.FORMAT,
    yolox.FORMAT,
    paddledetection.FORMAT,
    darknet.FORMAT,
    keras.FORMAT,
    mmengine.FORMAT,
)


def recognise(name: str, head: bytes) -> Format | None:
    """The format of a file, from its name and its first 128 KB; None if it is of no known kind.

    Formats of other packages are asked last.
    """
    built_in = next((form for form in FORMATS if form.recognise(name, head)), None)
    return built_in or next((f for f in registered().formats if f.recognise(name, head)), None)
