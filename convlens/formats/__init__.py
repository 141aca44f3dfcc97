"""The kinds of logs that convlens reads; a new kind is one module that defines a `FORMAT`."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from convlens.formats.base import Format

# What shares its lines with others and has some of its own is asked before them.
_MODULES = (
    "gluoncv.detection",
    "tensorboard",
    "gluoncv.action_recognition",
    "gluoncv.pose",
    "gluoncv.depth",
    "gluoncv.classification",
    "gluoncv.segmentation",
    "ultralytics",
    "mmdetection",
    "detectron2",
    "lightning",
    "detr",
    "huggingface",
    "torchvision",
    "yolox",
    "paddledetection",
    "darknet",
    "keras",
    "mmengine",
)


def built_in() -> Iterator[Format]:
    """The formats of this package, each loaded when it is asked for: most logs are of one of the first."""
    for name in _MODULES:
        form: Format = import_module(f"{__name__}.{name}").FORMAT
        yield form


def recognise(name: str, head: bytes) -> Format | None:
    """The format of a file, from its name and its first 128 KB; None if it is of no known kind.

    Formats of other packages are asked last.
    """
    from convlens.formats.plugins import registered

    known = next((form for form in built_in() if form.recognise(name, head)), None)
    return known or next((f for f in registered().formats if f.recognise(name, head)), None)
