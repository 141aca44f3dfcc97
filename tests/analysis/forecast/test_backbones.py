"""What is known of backbones."""

import math

import pytest

from convlens.analysis.forecast.backbones import error_of


@pytest.mark.parametrize(
    ("backbone", "error"),
    [
        ("resnet50_v1b", 22.33),  # published top-1 accuracies: 77.67, 73.23, 79.20, 81.03, 77.11
        ("vgg16_atrous", 26.77),
        ("resnet101_v1b_dcnv2", 20.80),
        ("resnest50", 18.97),
        ("resnet50_v2a", 22.89),
    ],
)
def test_published_errors(backbone, error):
    assert error_of(backbone) == pytest.approx(error)


@pytest.mark.parametrize("backbone", [None, "", "hourglass", "resnet50", "cifar_resnet20_v1"])
def test_others_are_not_known(backbone):
    assert math.isnan(error_of(backbone))
