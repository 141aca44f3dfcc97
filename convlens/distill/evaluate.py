"""The score of a detector: GluonCV's VOC07 metric, and its COCO metric."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from convlens.distill._mxnet import gluoncv, mx
from convlens.distill.data.augment import resize
from convlens.distill.data.coco import CocoSet, quietly
from convlens.distill.data.dataset import BrokenSampleError, Dataset, Sample
from convlens.distill.data.loader import normalise
from convlens.distill.networks import Detector
from convlens.formats.gluoncv.scores import write_voc

_BATCH = 50


class Score(NamedTuple):
    """`mean` is the mAP [%], `block` the text of all scores as GluonCV's scripts print them."""

    mean: float
    block: str


def evaluate(detector: Detector, dataset: Dataset, size: int, device: Any) -> Score:
    """Detect on all images of a set and score; images that cannot be read are left out."""
    metric = _coco_metric(dataset) if isinstance(dataset, CocoSet) else _voc_metric(dataset)
    for samples in _batches(dataset):
        resized = [s if s.image.shape[:2] == (size, size) else resize(s, size) for s in samples]
        images = mx.nd.array(normalise([s.image for s in resized]), ctx=device)
        with mx.autograd.pause():
            found = detector.detect(detector.look(images)).asnumpy()
        for before, after, rows in zip(samples, resized, found, strict=True):
            _update(metric, before, after, rows, size)
    return _coco_score(metric) if isinstance(dataset, CocoSet) else _voc_score(metric)


def _batches(dataset: Dataset) -> Iterator[list[Sample]]:
    samples: list[Sample] = []
    for index in range(len(dataset)):
        try:
            samples.append(dataset[index])
        except BrokenSampleError:
            continue
        if len(samples) == _BATCH:
            yield samples
            samples = []
    if samples:
        yield samples


def _update(metric: Any, before: Sample, after: Sample, rows: np.ndarray[Any, Any], size: int) -> None:
    """COCO scores boxes in the image as it was, VOC in the resized one, as in GluonCV's scripts."""
    boxes = rows[:, 2:].clip(0, size)
    if isinstance(metric, gluoncv.utils.metrics.COCODetectionMetric):
        height, width = before.image.shape[:2]
        boxes = boxes * (np.array([width, height, width, height]) / size)
        metric.update(boxes[None], rows[None, :, :1], rows[None, :, 1:2])
        return
    truth = after.boxes[None], after.labels[None], after.difficult[None]
    metric.update([boxes[None]], [rows[None, :, 0]], [rows[None, :, 1]], *([part] for part in truth))


def _voc_metric(dataset: Dataset) -> Any:
    return gluoncv.utils.metrics.VOC07MApMetric(iou_thresh=0.5, class_names=list(dataset.classes))


def _voc_score(metric: Any) -> Score:
    names, values = metric.get()
    percent = {name: float(value) * 100 for name, value in zip(names, values, strict=True)}
    mean = percent.pop("mAP")
    return Score(mean, write_voc(percent, mean))


def _coco_metric(dataset: CocoSet) -> Any:
    folder = Path(tempfile.mkdtemp(prefix="convlens-"))
    return gluoncv.utils.metrics.COCODetectionMetric(
        dataset.reader, str(folder / "detections"), use_time=False, cleanup=True
    )


def _coco_score(metric: Any) -> Score:
    names, values = quietly(metric.get)
    block = "\n".join(f"{name}={value}" for name, value in zip(names, values, strict=True))
    try:
        mean = float(values[-1])
    except (TypeError, ValueError):
        mean = math.nan
    return Score(mean, block)
