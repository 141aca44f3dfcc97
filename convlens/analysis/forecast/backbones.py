"""How able a backbone is: its published top-1 error on ImageNet.

Able backbones fall further when the learning rate drops, whatever the detector. Of all that is known of a run
before that, this tells most beside the run's own curves.
"""

from __future__ import annotations

import math
import re
from functools import cache

from convlens.zoo.catalog import entries

# Backbones of published detectors that the catalogue has no log of: top-1 accuracy [%] at the crop size that
# each was made for, from github.com/zhanghang1989/ResNeSt.
_OTHERS = {"resnest50": 81.03, "resnest101": 82.83, "resnest200": 83.84, "resnest269": 84.54}
_VARIANTS = re.compile(
    r"(_atrous|_dcnv2|_syncbn|_bn|_gn|(?<=_v2)a)+$"
)  # of the same network, as detectors use it


def error_of(backbone: str | None) -> float:
    """The top-1 error [%] of a backbone; NaN if it is not known."""
    if backbone is None:
        return math.nan
    known = _errors()
    return known.get(backbone, known.get(_VARIANTS.sub("", backbone), math.nan))


@cache
def _errors() -> dict[str, float]:
    accuracies = {
        entry.name: score
        for entry in entries()
        if entry.task == "classification" and entry.dataset == "imagenet"
        for score, how in entry.published
        if how == "top-1"
    }
    return {name: 100 - accuracy for name, accuracy in (accuracies | _OTHERS).items()}
