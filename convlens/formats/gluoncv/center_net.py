"""CenterNet: the script resets two of its three losses and forgets the heatmap's."""

from convlens.formats.gluoncv.family import Family
from convlens.meters import Meter
from convlens.metrics import loss

FAMILY = Family(
    "center_net",
    (loss("WHL1"), loss("CenterRegL1"), loss("HeatmapFocal", Meter.START)),
    written={"LR": "LR={value:g}"},
)
