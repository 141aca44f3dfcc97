"""COCO through GluonCV's reader."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np

from convlens.distill._mxnet import gluoncv, version
from convlens.distill.data.dataset import BrokenSampleError, Sample
from convlens.errors import NotInstalledError, TrainingError


def quietly(call: Callable[[], Any]) -> Any:
    """Call what prints to standard output and takes means of classes that have no object."""
    with redirect_stdout(io.StringIO()), warnings.catch_warnings(action="ignore", category=RuntimeWarning):
        return call()


class CocoSet:
    """The images of some splits (`instances_train2017`); `reader` is GluonCV's."""

    def __init__(self, root: Path, splits: Sequence[str]) -> None:
        if version("pycocotools") is None:
            raise NotInstalledError("COCO's annotations need pycocotools", "pip install pycocotools")
        for split in splits:
            path = root / "annotations" / f"{split}.json"
            if not path.is_file():
                raise TrainingError(f"{path}: there are no such annotations of COCO.")
        try:
            self.reader = quietly(lambda: gluoncv.data.COCODetection(root=str(root), splits=list(splits)))
        except (OSError, KeyError, ValueError) as error:
            raise TrainingError(f"{root}: COCO cannot be read from there ({error}).") from None
        self.classes = tuple(self.reader.classes)

    def __len__(self) -> int:
        return len(self.reader)

    def __getitem__(self, index: int) -> Sample:
        try:
            image, label = self.reader[index]
        except Exception as error:
            raise BrokenSampleError(f"image {index} of COCO: {error}") from None
        found = np.asarray(label, dtype=np.float32)
        return Sample(image.asnumpy(), found[:, :4], found[:, 4], np.zeros(len(found), np.float32))
