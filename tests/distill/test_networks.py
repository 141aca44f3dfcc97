"""Detectors by name, their outputs, and their parameters."""

import numpy as np
import pytest

from convlens.distill.config import Training
from convlens.errors import TrainingError, UnknownNameError

pytestmark = pytest.mark.usefixtures("mx")


def made(classes="abc", seed=0, **settings):
    from convlens.distill.networks import make

    return make(Training(**{"network": "resnet_w4", **settings}), classes, 64, seed)


def test_a_small_network_has_the_maps_and_anchors_of_the_design(mx):
    detector = made()
    seen = detector.look(mx.nd.zeros((2, 3, 64, 64)))
    assert [m.shape[2:] for m in seen.maps] == [(8, 8), (4, 4), (2, 2), (1, 1), (1, 1), (1, 1)]
    assert seen.classes.shape == (2, 348, 4)
    assert seen.boxes.shape == (2, 348, 4)
    assert seen.anchors.shape == (1, 348, 4)


def test_detections_are_those_of_gluoncv(mx):
    detector = made()
    images = mx.nd.random.uniform(-2, 2, shape=(3, 3, 64, 64))
    found = detector.detect(detector.look(images)).asnumpy()
    theirs = mx.nd.concat(*detector.ssd(images), dim=-1).asnumpy()
    assert found.shape == (3, 100, 6)
    assert np.array_equal(found, theirs)


def test_outputs_are_those_of_gluoncv_in_training(mx):
    detector = made()
    images = mx.nd.random.uniform(-2, 2, shape=(3, 3, 64, 64))
    with mx.autograd.train_mode():
        theirs = detector.ssd(images)
        seen = detector.look(images)
    for own, other in zip(seen, theirs, strict=False):
        assert np.array_equal(own.asnumpy(), other.asnumpy())


def test_a_seed_gives_the_same_parameters(mx):
    one, same, other = (
        p.ssd.class_predictors[0].predictor.weight.data().asnumpy() for p in (made(), made(), made(seed=1))
    )
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_parameters_survive_a_file(mx, tmp_path):
    from convlens.distill.networks import save

    path = tmp_path / "a.params"
    detector = made(seed=3)
    save(detector, path)
    again = made(seed=4, params=str(path))
    images = mx.nd.random.uniform(shape=(1, 3, 64, 64))
    assert np.array_equal(detector.look(images).classes.asnumpy(), again.look(images).classes.asnumpy())


def test_wrong_parameters_are_told(mx, tmp_path):
    from convlens.distill.networks import save

    path = tmp_path / "a.params"
    save(made(), path)
    for settings in ({"classes": "abcd"}, {"network": "resnet_w8"}):
        with pytest.raises(TrainingError, match=r"a\.params: holds no parameters of resnet_w\d with these"):
            made(params=str(path), **settings)
    with pytest.raises(TrainingError, match="there is no such file of parameters"):
        made(params=str(tmp_path / "b.params"))
    path.write_bytes(b"nothing of that kind")
    with pytest.raises(TrainingError, match="holds no parameters"):
        made(params=str(path))


def test_an_unknown_network_is_told():
    with pytest.raises(UnknownNameError, match=r"Did you mean 'ssd_512_mobilenet1\.0'\?"):
        made(network="ssd_512_mobilenet1")


@pytest.mark.slow
@pytest.mark.parametrize("network", ["ssd_512_mobilenet1.0", "ssd_512_resnet50_v1", "ssd_300_vgg16_atrous"])
def test_networks_of_gluoncv_are_split(mx, network):
    from convlens.distill.networks import make

    size = int(network.split("_")[1])
    detector = make(Training(network=network), ["a", "b"], size, 0)
    seen = detector.look(mx.nd.random.uniform(shape=(1, 3, size, size)))
    assert len(seen.maps) == (7 if "vgg16" in network and size == 512 else 6)
    assert seen.classes.shape[1] == seen.anchors.shape[1] == seen.boxes.shape[1]
    assert seen.classes.shape[2] == 3
