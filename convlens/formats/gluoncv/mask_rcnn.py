"""Mask R-CNN: Faster R-CNN's columns and the mask's."""

from convlens.formats.gluoncv.family import Family
from convlens.formats.gluoncv.faster_rcnn import LOSSES, METRICS
from convlens.meters import Meter
from convlens.metrics import accuracy, loss

FAMILY = Family(
    "mask_rcnn",
    (
        *LOSSES,
        loss("RCNN_Mask"),
        *METRICS,
        accuracy("MaskAcc", Meter.START),
        accuracy("MaskFGAcc", Meter.START),
    ),
    joiner=",",
)
