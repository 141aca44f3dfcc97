"""SSD: both losses are reset each epoch."""

from convlens.formats.gluoncv.family import Family
from convlens.metrics import accuracy, loss

FAMILY = Family("ssd", (loss("CrossEntropy"), loss("SmoothL1"), accuracy("accuracy")))
