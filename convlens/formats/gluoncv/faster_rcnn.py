"""Faster R-CNN: the losses are reset each epoch, the metrics beside them never are."""

from convlens.formats.gluoncv.family import Family
from convlens.meters import Meter
from convlens.metrics import accuracy, error, loss

LOSSES = (
    loss("RPN_Conf"),
    loss("RPN_SmoothL1"),
    loss("RCNN_CrossEntropy"),
    loss("RCNN_SmoothL1"),
)
METRICS = (
    accuracy("RPNAcc", Meter.START),
    error("RPNL1Loss", Meter.START),
    accuracy("RCNNAcc", Meter.START),
    error("RCNNL1Loss", Meter.START),
)
FAMILY = Family("faster_rcnn", (*LOSSES, *METRICS), joiner=",")
