"""Scores against cases worked by hand."""

import json

import numpy as np
import pytest

from convlens.formats.gluoncv.scores import read_scores

pytestmark = pytest.mark.usefixtures("mx")


class Told:
    """A detector that says what it is told: a list of (class, score, box) for each image in turn."""

    def __init__(self, mx, images):
        self.mx, self.images, self.at = mx, images, 0

    def look(self, images):
        return images

    def detect(self, images):
        rows = np.full((len(images), 5, 6), -1.0)
        for row in rows:
            for place, (label, score, box) in enumerate(self.images[self.at]):
                row[place] = [label, score, *box]
            self.at += 1
        return self.mx.nd.array(rows)


class Images:
    classes = ("a", "b")

    def __init__(self, *images, size=64):
        self.images, self.size = images, size

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        from convlens.distill.data.dataset import Sample

        boxes, labels, difficult = zip(*self.images[index], strict=True)
        arrays = (np.array(a, dtype=np.float32) for a in (boxes, labels, difficult))
        return Sample(np.zeros((self.size, self.size, 3), np.uint8), *arrays)


LEFT, RIGHT, NOWHERE = (0, 0, 20, 20), (40, 40, 60, 60), (0, 40, 20, 60)


def test_voc07_by_hand(mx):
    """Class a: right (0.9), wrong (0.8), right (0.7) of two objects, and one that is difficult.

    Recall 1/2, 1/2, 1 at precision 1, 1/2, 2/3: the eleven points are six of 1 and five of 2/3. Class b has
    one object that is not found.
    """
    from convlens.distill.evaluate import evaluate

    images = Images([(LEFT, 0, 0), (RIGHT, 1, 0)], [(LEFT, 0, 0), (RIGHT, 0, 1)])
    told = [[(0, 0.9, LEFT), (0, 0.8, NOWHERE)], [(0, 0.7, LEFT), (0, 0.95, RIGHT)]]
    score = evaluate(Told(mx, told), images, 64, mx.cpu())
    ap = (6 + 5 * 2 / 3) / 11
    assert score.mean == pytest.approx(100 * ap / 2)
    assert score.block.startswith("a=0.8484848")
    assert "\nb=0.0\n" in score.block
    assert float(read_scores(b"\n" + score.block.encode()).printed("map")) == pytest.approx(ap / 2)


def test_images_are_scored_at_the_size_of_the_network(mx):
    """An image of twice the size: its objects are where the detector sees them."""
    from convlens.distill.evaluate import evaluate

    twice = tuple(2 * side for side in RIGHT)
    images = Images([(twice, 0, 0), (twice, 1, 0)], size=128)
    score = evaluate(Told(mx, [[(0, 0.9, RIGHT), (1, 0.9, RIGHT)]]), images, 64, mx.cpu())
    assert score.mean == pytest.approx(100)


def test_coco_by_hand(mx, tmp_path):
    """Two objects, one of them found exactly: 51 of COCO's 101 points of recall have precision 1."""
    pytest.importorskip("pycocotools", reason="scores COCO: pycocotools is not installed")
    from convlens.distill._mxnet import cv2, gluoncv
    from convlens.distill.data.coco import CocoSet
    from convlens.distill.evaluate import evaluate

    names = gluoncv.data.COCODetection.CLASSES
    document = {
        "images": [
            {"id": 7, "file_name": "7.jpg", "coco_url": "http://x/val2017/7.jpg", "width": 80, "height": 64}
        ],
        "categories": [{"id": n + 1, "name": name} for n, name in enumerate(names)],
        "annotations": [
            {"id": 1, "image_id": 7, "category_id": 3, "bbox": [0, 0, 20, 20], "area": 400, "iscrowd": 0},
            {"id": 2, "image_id": 7, "category_id": 3, "bbox": [40, 30, 20, 20], "area": 400, "iscrowd": 0},
        ],
    }
    (tmp_path / "annotations").mkdir()
    (tmp_path / "val2017").mkdir()
    (tmp_path / "annotations/instances_val2017.json").write_text(json.dumps(document))
    cv2.imwrite(str(tmp_path / "val2017/7.jpg"), np.zeros((64, 80, 3), np.uint8))
    images = CocoSet(tmp_path, ["instances_val2017"])
    assert images[0].boxes.tolist() == [[0, 0, 19, 19], [40, 30, 59, 49]]
    # The detector sees 64 x 64: x is scaled by 64 / 80. GluonCV counts the last pixel in.
    found = [(2, 0.9, (0, 0, 19 * 0.8, 19))]
    score = evaluate(Told(mx, [found]), images, 64, mx.cpu())
    assert score.mean == pytest.approx(100 * 51 / 101, abs=0.06)
    scores = read_scores(b"\n" + score.block.encode() + b"\n")
    assert float(scores.printed("map")) == pytest.approx(100 * 51 / 101, abs=0.06)
    assert scores.in_percent("ar_100") == pytest.approx(50)
