"""Draw two runs at the width of a column, as a PDF with TrueType fonts: the same bytes each time."""

import sys
from pathlib import Path

import convlens
from convlens.plots.curves import plot_comparison
from convlens.plots.style import save

target = Path(sys.argv[1] if len(sys.argv) > 1 else "backbones.pdf")
comparison = convlens.compare(
    {"MobileNet": "ssd_512_mobilenet1.0_coco", "ResNet-50": "ssd_512_resnet50_v1_coco"}
)
save(plot_comparison(comparison, size=(3.5, 3.2)), target)
print(f"The figure is {target}")
