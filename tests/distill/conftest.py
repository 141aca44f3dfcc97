"""Tests of the runner that need MXNet take the fixture `mx` and are skipped where it is not installed."""

from dataclasses import replace

import pytest

from convlens.distill.config import Shapes
from convlens.distill.presets import SMOKE
from convlens.errors import NotInstalledError


@pytest.fixture(scope="session")
def mx():
    """MXNet, through the gate."""
    try:
        from convlens.distill._mxnet import mx
    except NotInstalledError as error:
        pytest.skip(str(error))
    return mx


@pytest.fixture(scope="session")
def tiny():
    """An experiment of some seconds."""
    return replace(
        SMOKE,
        data=replace(SMOKE.data, batch_size=8),
        shapes=Shapes(images=40, teacher_images=40, validation_images=16),
        teacher=replace(SMOKE.teacher, network="resnet_w4", epochs=1),
        student=replace(SMOKE.student, network="resnet_w2", epochs=2, lr=0.01),
    )
