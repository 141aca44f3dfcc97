"""A run beside the published run of its identity."""

import numpy as np
import pytest

from convlens import zoo
from convlens.analysis.comparison.published import against_published
from convlens.errors import ConvlensError
from convlens.reader import read_bytes
from tests.writing import made_log

NAME = "ssd_512_resnet50_v1_coco"


def repeat(epochs, smooth=1.0, **arguments):
    """The first epochs of the published run with noise; from epoch 15 on SmoothL1 is `smooth` times it."""
    curve = zoo.load(NAME).curve[:epochs]
    noise = np.random.default_rng(0).normal(1, 0.003, (epochs, 2))
    factor = np.where(np.arange(epochs) >= 15, [[1], [smooth]], 1).T
    losses = curve[["CrossEntropy", "SmoothL1"]].to_numpy() * noise * factor
    maps = [None if np.isnan(value) else float(value) for value in curve["map"]]
    text = made_log([tuple(row) for row in losses], maps, coco=True, epochs=240, **arguments)
    return read_bytes(text.encode(), "my.log", "my")


def test_the_published_run_is_found_and_the_part_where_curves_part():
    found = against_published(repeat(40, smooth=1.05, lr=0.002))
    assert found.published.name == NAME
    assert found.shared_epochs == 40
    parted = {p.quantity: p for p in found.partings}
    assert parted["CrossEntropy"].parted is None
    assert 16 <= parted["SmoothL1"].parted <= 20  # epoch 15 is the sixteenth
    assert parted["map"].too_few  # it is validated every tenth epoch
    [smooth] = [d for d in found.differences if d.quantity == "SmoothL1"]
    assert smooth.reference == zoo.load(NAME).curve.loc[39, "SmoothL1"]
    assert smooth.change == pytest.approx(0.05 * smooth.reference, rel=0.3)
    assert smooth.told
    assert found.comparison.arguments["lr"] == (0.001, 0.002)


def test_a_run_of_another_network_has_none_and_is_told_the_closest():
    run = repeat(12, network="resnet101_v2", save_prefix="ssd_512_resnet101_v2_coco")
    with pytest.raises(ConvlensError, match=f"no published run of ssd 512 resnet101_v2 coco.*{NAME}"):
        against_published(run)


def test_the_published_log_itself_has_no_other():
    with pytest.raises(ConvlensError, match="this is the published log itself"):
        against_published(zoo.load(NAME))
