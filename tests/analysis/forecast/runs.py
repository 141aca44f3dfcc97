"""Published runs as they were earlier, and made ones, for tests of forecasts."""

import math
from dataclasses import replace
from functools import cache

import convlens
from convlens.analysis.forecast.experience import published
from tests.handmade import read
from tests.writing import made_log

SSD = "ssd_512_resnet50_v1_voc"


DETECTORS = [*published().families, "yolo3_darknet53_coco", "ssd_512_mobilenet1.0_distilled_voc"]


@cache
def run(name=SSD):
    return convlens.read_log(name)


def cut(epochs, name=SSD):
    """A published run as it was after so many epochs."""
    return replace(run(name), curve_rows=run(name).curve_rows[:epochs])


def levels(count, drop=None):
    """Losses that fall as a power law, and by a tenth from an epoch on."""
    values = [(n + 1) ** -0.1 * (0.9 if drop is not None and n >= drop else 1) for n in range(count)]
    return [(5 * v, 2 * v) for v in values]


PLAN = {"epochs": 40, "lr": 0.1, "lr_decay": 0.1, "lr_decay_epoch": "20,30"}


def made(count, maps=(), **plan):
    """A run of SSD that is to drop at 20 and 30 of 40 epochs."""
    rates = {0: 0.1} | {n: r for n, r in ((20, 0.01), (30, 0.001)) if n < count}
    return read(made_log(levels(count, 20), maps, rates=rates, **PLAN | plan))


def scores(count):
    return [40 + 10 * math.log(n + 1) / 4 + 0.3 * (n % 2) for n in range(count)]
