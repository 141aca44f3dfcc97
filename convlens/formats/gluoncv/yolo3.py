"""YOLOv3: no loss is ever reset, so every printed value averages the whole process."""

from convlens.formats.gluoncv.family import Family
from convlens.meters import Meter
from convlens.metrics import loss

FAMILY = Family(
    "yolo3",
    (
        loss("ObjLoss", Meter.START),
        loss("BoxCenterLoss", Meter.START),
        loss("BoxScaleLoss", Meter.START),
        loss("ClassLoss", Meter.START),
    ),
    written={"LR": "LR: {value:.2E}"},
)
