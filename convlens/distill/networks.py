"""SSDs by name, split so that methods reach their maps: GluonCV's, and small ones for small images."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from convlens.distill._mxnet import gluoncv, mx
from convlens.distill.config import Training
from convlens.errors import TrainingError, UnknownNameError

_SMALL = re.compile(r"resnet_w(\d{1,3})")  # w is the width: channels of the first stage
_SIZES = (15.0, 23.0, 34.0, 46.0, 54.0, 60.0, 66.0)  # of anchors, for an image of 64 pixels
_STEPS = (8, 16, 32, 64, 64, 64)
_NMS = {"overlap_thresh": 0.45, "topk": 400, "valid_thresh": 0.01}  # as in GluonCV's SSD
_DETECTIONS = 100


class Output(NamedTuple):
    """What a detector gives for a batch of n images.

    `classes` (n, anchors, 1 + classes) before the softmax, `boxes` (n, anchors, 4) encoded, `anchors`
    (1, anchors, 4) as centres and sides [pixels], `maps` the feature maps, each (n, channels, h, w).
    """

    classes: Any
    boxes: Any
    anchors: Any
    maps: list[Any]


class Detector(mx.gluon.HybridBlock):
    """A GluonCV SSD that gives its raw outputs and its feature maps, in training and in evaluation alike."""

    def __init__(self, ssd: Any) -> None:
        super().__init__()
        self.ssd = ssd

    def hybrid_forward(self, F: Any, x: Any) -> list[Any]:  # noqa: N803 (MXNet's name)
        """Classes, boxes and anchors as GluonCV's SSD in training, then the feature maps."""
        maps = self.ssd.features(x)

        def heads(predictors: Any, width: int) -> Any:
            flat = [F.flatten(F.transpose(p(m), (0, 2, 3, 1))) for m, p in zip(maps, predictors, strict=True)]
            return F.reshape(F.concat(*flat, dim=1), (0, -1, width))

        grids = zip(maps, self.ssd.anchor_generators, strict=True)
        anchors = F.concat(*[F.reshape(grid(m), (1, -1)) for m, grid in grids], dim=1)
        classes = heads(self.ssd.class_predictors, self.ssd.num_classes + 1)
        boxes = heads(self.ssd.box_predictors, 4)
        return [classes, boxes, F.reshape(anchors, (1, -1, 4)), *maps]

    def look(self, images: Any) -> Output:
        """The outputs for a batch of images (n, 3, h, w)."""
        classes, boxes, anchors, *maps = self(images)
        return Output(classes, boxes, anchors, maps)

    def detect(self, seen: Output) -> Any:
        """Detections (n, up to 100, 6): class, score, box [pixels]; class -1 where there are fewer."""
        nd, ssd = mx.nd, self.ssd
        boxes = ssd.bbox_decoder(seen.boxes, seen.anchors)
        ids, scores = ssd.cls_decoder(nd.softmax(seen.classes, axis=-1))
        parts = [
            nd.concat(ids[:, :, c : c + 1], scores[:, :, c : c + 1], boxes, dim=-1)
            for c in range(ssd.num_classes)
        ]
        found = nd.concat(*parts, dim=1)
        found = nd.contrib.box_nms(found, id_index=0, score_index=1, coord_start=2, **_NMS)
        return found[:, :_DETECTIONS]


class _Residual(mx.gluon.HybridBlock):
    """Two 3 x 3 convolutions beside a short cut (He et al., 2016)."""

    def __init__(self, channels: int, stride: int) -> None:
        super().__init__()
        nn = mx.gluon.nn
        self.body = nn.HybridSequential()
        for step in (stride, 1):
            self.body.add(nn.Conv2D(channels, 3, step, 1, use_bias=False), nn.BatchNorm())
            if len(self.body) == 2:
                self.body.add(nn.Activation("relu"))
        self.short = nn.HybridSequential()
        self.short.add(nn.Conv2D(channels, 1, stride, use_bias=False), nn.BatchNorm())

    def hybrid_forward(self, F: Any, x: Any) -> Any:  # noqa: N803
        return F.relu(self.body(x) + self.short(x))


class _SmallFeatures(mx.gluon.HybridBlock):
    """Six maps of 1/8, 1/16, 1/32, 1/64, 1/64 and 1/64 of the image's side."""

    def __init__(self, width: int) -> None:
        super().__init__()
        nn = mx.gluon.nn
        self.stages = nn.HybridSequential()
        first = nn.HybridSequential()
        first.add(nn.Conv2D(width, 3, 2, 1, use_bias=False), nn.BatchNorm(), nn.Activation("relu"))
        first.add(_Residual(2 * width, 2), _Residual(4 * width, 2))
        self.stages.add(first, _Residual(4 * width, 2))
        for kernel, stride in ((3, 2), (3, 2), (1, 1), (1, 1)):
            extra = nn.HybridSequential()
            extra.add(nn.Conv2D(4 * width, kernel, stride, kernel // 2, use_bias=False), nn.BatchNorm())
            extra.add(nn.Activation("relu"))
            self.stages.add(extra)

    def hybrid_forward(self, F: Any, x: Any) -> list[Any]:  # noqa: N803, ARG002
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        return maps


def known_networks() -> list[str]:
    """The names of GluonCV's SSDs, without the dataset."""
    names = gluoncv.model_zoo.get_model_list()
    return sorted(n.removesuffix("_custom") for n in names if n.startswith("ssd_") and n.endswith("_custom"))


def backbone_of(network: str) -> str:
    """The backbone in a network's name: `resnet50_v1` of `ssd_512_resnet50_v1`."""
    return re.sub(r"^ssd_\d+_", "", network)


def check(training: Training) -> None:
    """Raise an error for a network that does not exist or a file of parameters that is not there."""
    if not _SMALL.fullmatch(training.network) and training.network not in known_networks():
        hint = "For small images there is resnet_w8 with any width."
        raise UnknownNameError("network", training.network, known_networks(), hint)
    if training.params and not Path(training.params).is_file():
        raise TrainingError(f"{training.params}: there is no such file of parameters.")


def make(training: Training, classes: Sequence[str], size: int, seed: int) -> Detector:
    """A detector with parameters drawn from a seed, or from the file and backbone that the settings name.

    Raises UnknownNameError for an unknown network and TrainingError where parameters cannot be loaded.
    """
    check(training)
    mx.random.seed(seed)
    np.random.seed(seed)  # some of MXNet's initialisers draw from it
    ssd = _ssd(training, classes, size)
    _initialise(ssd)
    detector = Detector(ssd)
    detector(mx.nd.zeros((1, 3, size, size)))  # un-hybridized: anchors are constants of unknown shape before
    if training.params:
        load(detector, Path(training.params), training.network)
    detector.hybridize()
    return detector


def _initialise(ssd: Any) -> None:
    """Give values to the parameters that have none: those of a pretrained backbone keep theirs.

    Parameters that GluonCV builds from symbols name no initialiser, so their names decide, as in MXNet's own.
    """
    for name, parameter in ssd.collect_params().items():
        if parameter._data is not None:
            continue
        default: Any = mx.init.Xavier()
        if parameter.init is None and name.endswith(("gamma", "var")):
            default = mx.init.One()
        elif parameter.init is None and name.endswith(("beta", "mean", "bias")):
            default = mx.init.Zero()
        parameter.initialize(default_init=default)


def _ssd(training: Training, classes: Sequence[str], size: int) -> Any:
    small = _SMALL.fullmatch(training.network)
    if small:
        width, scale = int(small[1]), size / 64
        return gluoncv.model_zoo.SSD(
            None, size, lambda **_: _SmallFeatures(width), None, [s * scale for s in _SIZES],
            [[1, 2, 0.5]] * len(_STEPS), [size / max(1, size // s) for s in _STEPS], list(classes),
            anchor_alloc_size=max(16, size // 8),
        )  # fmt: skip
    try:
        with warnings.catch_warnings(action="ignore", category=UserWarning):  # of types that it finds later
            return gluoncv.model_zoo.get_model(
                f"{training.network}_custom", classes=list(classes), pretrained_base=training.pretrained
            )
    except (OSError, RuntimeError) as error:
        why = str(error).strip().splitlines()[0]
        raise TrainingError(
            f"{training.network}: its pretrained backbone cannot be had ({why}): put it into ~/.mxnet/models "
            "or train without (pretrained = false)."
        ) from None


def save(detector: Detector, path: Path) -> None:
    """Write a detector's parameters as GluonCV's own `save_parameters` does."""
    detector.ssd.save_parameters(str(path))


def load(detector: Detector, path: Path, network: str) -> None:
    """Load parameters that were saved for this very network and number of classes."""
    try:
        detector.ssd.load_parameters(str(path), ctx=mx.cpu())
    except (AssertionError, ValueError, mx.MXNetError) as error:
        why = " ".join(str(error).split())[:200]
        raise TrainingError(f"{path}: holds no parameters of {network} with these classes ({why}).") from None
