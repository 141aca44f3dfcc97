"""Shapes, VOC folders, augmentation, anchor targets and batches."""

import random

import numpy as np
import pytest

from convlens.distill.config import Shapes, Training
from convlens.errors import TrainingError

pytestmark = pytest.mark.usefixtures("mx")


@pytest.fixture(scope="module")
def shapes(mx):
    from convlens.distill.data.shapes import ShapesSet

    return ShapesSet(Shapes(), 120, 64, (7,))


@pytest.fixture(scope="module")
def anchors(mx):
    from convlens.distill.networks import make

    detector = make(Training(network="resnet_w2"), "abcde", 64, 0)
    return detector.look(mx.nd.zeros((1, 3, 64, 64))).anchors


def test_equal_seeds_give_equal_images(shapes):
    from convlens.distill.data.shapes import ShapesSet

    again, other = ShapesSet(Shapes(), 3, 64, (7,)), ShapesSet(Shapes(), 3, 64, (8,))
    for index in range(3):
        assert np.array_equal(again[index].image, shapes[index].image)
        assert np.array_equal(again[index].boxes, shapes[index].boxes)
        assert not np.array_equal(other[index].image, shapes[index].image)


def test_shapes_are_what_the_settings_say(shapes):
    for sample in shapes.samples:
        assert sample.image.shape == (64, 64, 3)
        assert 1 <= len(sample.boxes) <= 3
        sides = sample.boxes[:, 2:] - sample.boxes[:, :2]
        assert (sample.boxes >= 0).all()
        assert (sample.boxes <= 64).all()
        longest = sides.max(axis=1)
        assert (longest >= 0.22 * 64).all()
        assert (longest <= 0.60 * 64 + 1).all()
    assert {int(label) for s in shapes.samples for label in s.labels} == set(range(5))


def test_a_box_holds_its_object():
    from convlens.distill.data.shapes import draw

    settings = Shapes(most_objects=1, noise=0)
    for seed in range(20):
        sample = draw(settings, 64, np.random.default_rng(seed))
        left, top, right, bottom = np.rint(sample.boxes[0]).astype(int)
        inside = sample.image[top:bottom, left:right].astype(float)
        edges = np.abs(np.diff(sample.image.astype(float), axis=1)).sum(axis=2) > 40
        rows, columns = np.nonzero(edges)
        assert inside.size
        assert left - 2 <= columns.min()
        assert columns.max() <= right + 1
        assert top - 2 <= rows.min()
        assert rows.max() <= bottom + 1


def test_anchor_targets_are_those_of_gluoncv(mx, shapes, anchors):
    from gluoncv.model_zoo.ssd.target import SSDTargetGenerator

    from convlens.distill.data.targets import AnchorTargets

    theirs = SSDTargetGenerator(iou_thresh=0.5, stds=(0.1, 0.1, 0.2, 0.2), negative_mining_ratio=-1)
    ours = AnchorTargets(anchors.asnumpy()[0])
    for sample in shapes.samples:
        given = mx.nd.array(sample.boxes[None]), mx.nd.array(sample.labels[None, :, None])
        classes, boxes, _ = theirs(anchors, None, *given)
        own = ours(sample.boxes, sample.labels)
        assert np.array_equal(own.classes, classes.asnumpy()[0])
        np.testing.assert_allclose(own.boxes, boxes.asnumpy()[0], atol=2e-5)


def test_targets_by_hand():
    """Two anchors side by side, one object that covers the first but for a tenth on the right."""
    from convlens.distill.data.targets import AnchorTargets

    ours = AnchorTargets(np.array([[5, 5, 10, 10], [15, 5, 10, 10]], dtype=np.float32))
    own = ours(np.array([[0, 0, 9, 10]], dtype=np.float32), np.array([2], dtype=np.float32))
    assert own.classes.tolist() == [3, 0]
    assert own.boxes[0] == pytest.approx([-0.5 / 10 / 0.1, 0, np.log(0.9) / 0.2, 0])
    assert own.boxes[1].tolist() == [0, 0, 0, 0]
    nothing = ours(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))
    assert not nothing.classes.any()


class Draw:
    """The calls that GluonCV makes of `random` and `numpy.random`, answered by one generator."""

    def __init__(self, seed):
        rng = self.rng = np.random.default_rng(seed)
        self.uniform = rng.uniform
        self.randrange = lambda n: int(rng.integers(0, n))

    def choice(self, values, p):
        if p[1] == 0:
            return values[0]  # the flip upside down, which SSD has not
        return values[int(self.rng.random() >= p[0])]


@pytest.mark.parametrize("seed", range(60))
def test_the_augmentation_is_that_of_gluoncv_on_the_same_draw(mx, monkeypatch, seed):
    from gluoncv.data.transforms.presets import ssd

    from convlens.distill.data.augment import SsdAugment
    from convlens.distill.data.dataset import Sample
    from convlens.distill.data.loader import normalise

    rng = np.random.default_rng(1000 + seed)
    height, width = rng.integers(60, 120, 2)
    image = rng.integers(0, 256, (height, width, 3)).astype(np.uint8)
    low = rng.uniform(0, 0.5, (2, 2)) * [width, height]
    high = low + rng.uniform(0.2, 0.5, (2, 2)) * [width, height]
    boxes, labels = np.concatenate([low, high], axis=1), np.array([0.0, 3.0])

    draw = Draw(seed)
    for module in (np.random, random):
        monkeypatch.setattr(module, "uniform", draw.uniform)
        monkeypatch.setattr(module, "choice", draw.choice)
    monkeypatch.setattr(np.random, "randint", lambda low, high: int(draw.rng.integers(low, high)))
    monkeypatch.setattr(random, "randint", lambda low, high: int(draw.rng.integers(low, high + 1)))
    monkeypatch.setattr(random, "randrange", draw.randrange)
    theirs, theirs_boxes = ssd.SSDDefaultTrainTransform(64, 64)(
        mx.nd.array(image, dtype="uint8"), np.column_stack([boxes, labels])
    )
    monkeypatch.undo()

    sample = Sample(image, boxes.astype(np.float32), labels.astype(np.float32), np.zeros(2, np.float32))
    own = SsdAugment(64)(sample, np.random.default_rng(seed))
    assert own.labels.tolist() == theirs_boxes[:, 4].tolist()
    np.testing.assert_allclose(own.boxes, theirs_boxes[:, :4], atol=1e-3)
    np.testing.assert_allclose(normalise([own.image])[0], theirs.asnumpy(), atol=5e-2)


def test_light_augmentation_keeps_objects_and_colours(shapes):
    from convlens.distill.data.augment import light

    for seed, sample in enumerate(shapes.samples[:20]):
        changed = light(sample, np.random.default_rng(seed))
        assert sorted(map(int, changed.image.sum(axis=(0, 1)))) == sorted(
            map(int, sample.image.sum(axis=(0, 1)))
        )
        widths = changed.boxes[:, 2] - changed.boxes[:, 0]
        np.testing.assert_allclose(widths, sample.boxes[:, 2] - sample.boxes[:, 0], atol=1e-4)


def loader(shapes, anchors, workers=1, seed=0, share=(0, 1)):
    from convlens.distill.data.augment import light
    from convlens.distill.data.loader import Loader
    from convlens.distill.data.targets import AnchorTargets

    return Loader(shapes, AnchorTargets(anchors.asnumpy()[0]), light, 8, workers, seed, share)


def test_the_number_of_workers_changes_no_batch(shapes, anchors):
    one, three = (list(loader(shapes, anchors, workers).epoch(2)) for workers in (1, 3))
    assert len(one) == 15
    for a, b in zip(one, three, strict=True):
        assert np.array_equal(a.images, b.images)
        assert np.array_equal(a.targets, b.targets)
    (other, *_) = loader(shapes, anchors, seed=1).epoch(2)
    assert not np.array_equal(other.images, one[0].images)


def test_an_epoch_has_each_image_once(anchors):
    class Numbered:
        classes = ("a",)

        def __len__(self):
            return 24

        def __getitem__(self, index):
            from convlens.distill.data.dataset import Sample

            image = np.full((64, 64, 3), index, np.uint8)
            return Sample(
                image, np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.float32)
            )

    def seen(batches):
        return [
            round(float(image[0].mean() * 0.229 * 255 + 0.485 * 255)) for b in batches for image in b.images
        ]

    grey = seen(loader(Numbered(), anchors).epoch(0))
    assert sorted(grey) == list(range(24))
    assert grey != list(range(24))
    # Workers of a parameter server share an epoch without overlap.
    shares = [seen(loader(Numbered(), anchors, share=(rank, 3)).epoch(0)) for rank in range(3)]
    assert sorted(n for share in shares for n in share) == list(range(24))


def test_too_few_images_for_a_batch_are_told(shapes, anchors):
    from convlens.distill.data.shapes import ShapesSet

    with pytest.raises(TrainingError, match="5 images are fewer than one batch of 8"):
        loader(ShapesSet(Shapes(), 5, 64, (0,)), anchors)


XML = """<annotation><object><name>{name}</name><difficult>1</difficult><bndbox><xmin>11</xmin><ymin>21</ymin>
<xmax>31</xmax><ymax>51</ymax></bndbox></object></annotation>"""


@pytest.fixture
def folder(tmp_path, mx):
    from convlens.distill._mxnet import cv2

    for name in ("Annotations", "JPEGImages", "ImageSets/Main"):
        (tmp_path / name).mkdir(parents=True)
    for number in range(4):
        image = np.zeros((60, 80, 3), np.uint8)
        image[:, :, 2] = 200  # red, as OpenCV orders colours
        cv2.imwrite(str(tmp_path / f"JPEGImages/{number}.png"), image)
        (tmp_path / f"Annotations/{number}.xml").write_text(XML.format(name="cat"))
    (tmp_path / "ImageSets/Main/train.txt").write_text("0\n1  1\n2\n3\n\n")
    return tmp_path


def test_a_folder_in_the_form_of_voc(folder):
    from convlens.distill.data.folder import FolderSet

    images = FolderSet([(folder, "train")], ["dog", "cat"])
    assert len(images) == 4
    sample = images[1]
    assert sample.image.shape == (60, 80, 3)
    assert sample.image[0, 0].tolist() == [200, 0, 0]
    assert sample.boxes.tolist() == [[10, 20, 30, 50]]
    assert (sample.labels.tolist(), sample.difficult.tolist()) == ([1], [1])


def test_broken_images_are_passed_over_and_named(folder, anchors):
    from convlens.distill.data.augment import SsdAugment
    from convlens.distill.data.folder import FolderSet
    from convlens.distill.data.loader import Loader
    from convlens.distill.data.targets import AnchorTargets

    (folder / "JPEGImages/0.png").write_bytes(b"no image")
    (folder / "Annotations/2.xml").write_text("<annotation><object>")
    images = FolderSet([(folder, "train")], ["cat"])
    made = Loader(images, AnchorTargets(anchors.asnumpy()[0]), SsdAugment(64), 4, 1, 0)
    (batch,) = made.epoch(0)
    assert batch.images.shape == (4, 3, 64, 64)
    assert set(made.broken) == {0, 2}
    assert "0.png: cannot be decoded" in made.broken[0]
    assert "2.xml: no annotation in VOC's form" in made.broken[2]


def test_what_is_no_voc_folder_is_told(folder):
    from convlens.distill.data.folder import FolderSet, voc_lists

    with pytest.raises(TrainingError, match="there is no such list of images"):
        FolderSet([(folder, "val")], ["cat"])
    with pytest.raises(TrainingError, match="there is no such folder"):
        FolderSet(voc_lists(folder, ["2007_train"]), ["cat"])
    with pytest.raises(TrainingError, match="a year and a list"):
        voc_lists(folder, ["2007"])
    with pytest.raises(TrainingError, match="an object of class 'cat', which is not among dog"):
        FolderSet([(folder, "train")], ["dog"])[0]
    (folder / "ImageSets/Main/up.txt").write_text("../../secret\n")
    with pytest.raises(TrainingError, match="holds no folder"):
        FolderSet([(folder, "up")], ["cat"])
