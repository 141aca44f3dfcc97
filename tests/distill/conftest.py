"""Tests of the runner that need MXNet take the fixture `mx` and are skipped where it is not installed."""

import pytest

from convlens.errors import NotInstalledError


@pytest.fixture(scope="session")
def mx():
    """MXNet, through the gate."""
    try:
        from convlens.distill._mxnet import mx
    except NotInstalledError as error:
        pytest.skip(str(error))
    return mx
