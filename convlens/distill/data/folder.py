"""Folders in the form of Pascal VOC: JPEGImages, Annotations, and lists of names in ImageSets/Main."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from convlens.distill._mxnet import cv2
from convlens.distill.data.dataset import BrokenSampleError, Floats32, Sample
from convlens.errors import TrainingError

VOC_CLASSES = (
    "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable",
    "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
)  # fmt: skip
_SUFFIXES = (".jpg", ".jpeg", ".png", ".JPG", ".JPEG", ".PNG")


class FolderSet:
    """The images of some lists: (folder, list) pairs such as (VOCdevkit/VOC2007, trainval)."""

    def __init__(self, lists: Sequence[tuple[Path, str]], classes: Sequence[str]) -> None:
        self.classes = tuple(classes)
        self.numbers = {name.lower().strip(): number for number, name in enumerate(classes)}
        self.items = [(folder, name) for folder, listed in lists for name in _names(folder, listed)]

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> Sample:
        """Read an image and its objects; BrokenSampleError names what cannot be read."""
        folder, name = self.items[index]
        boxes, labels, difficult = self._objects(folder / "Annotations" / f"{name}.xml")
        return Sample(_image(folder / "JPEGImages", name), boxes, labels, difficult)

    def _objects(self, path: Path) -> tuple[Floats32, Floats32, Floats32]:
        try:
            root = ElementTree.fromstring(path.read_bytes())  # noqa: S314 (expat bounds entities itself)
            rows = [self._object(item, path) for item in root.iter("object")]
        except OSError as error:
            raise BrokenSampleError(f"{path}: {error.strerror}") from None
        except (ElementTree.ParseError, ValueError, RecursionError) as error:
            raise BrokenSampleError(f"{path}: no annotation in VOC's form ({error})") from None
        table = np.array(rows, dtype=np.float32).reshape(-1, 6)
        return table[:, :4], table[:, 4], table[:, 5]

    def _object(self, item: ElementTree.Element, path: Path) -> tuple[float, ...]:
        name = (item.findtext("name") or "").lower().strip()
        if name not in self.numbers:
            known = ", ".join(self.classes)
            raise TrainingError(f"{path}: an object of class {name!r}, which is not among {known}.")
        sides = [float(item.findtext(f"bndbox/{side}") or "nan") for side in ("xmin", "ymin", "xmax", "ymax")]
        left, top, right, bottom = sides[0] - 1, sides[1] - 1, sides[2] - 1, sides[3] - 1  # VOC counts from 1
        if not (left < right and top < bottom):
            raise ValueError(f"a box {sides} of no area")
        difficult = float((item.findtext("difficult") or "0").strip() == "1")
        return left, top, right, bottom, self.numbers[name], difficult


def voc_lists(root: Path, splits: Sequence[str]) -> list[tuple[Path, str]]:
    """The lists that `2007_trainval` and the like name in a VOCdevkit."""
    lists = []
    for split in splits:
        year, _, listed = split.partition("_")
        folder = root / f"VOC{year}"
        if not listed:
            raise TrainingError(f"A split of VOC is a year and a list such as 2007_trainval, not {split!r}.")
        lists.append((folder, listed))
    return lists


def _names(folder: Path, listed: str) -> list[str]:
    path = folder / "ImageSets" / "Main" / f"{listed}.txt"
    if not path.is_file():
        what = "there is no such list of images" if folder.is_dir() else "there is no such folder"
        raise TrainingError(
            f"{path if folder.is_dir() else folder}: {what}; VOC's form is JPEGImages/, Annotations/ and "
            "ImageSets/Main/NAME.txt."
        )
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    names = [line.split()[0] for line in lines if line.strip()]
    if not names:
        raise TrainingError(f"{path}: the list names no image.")
    if any("/" in name or "\\" in name or ".." in name for name in names):
        raise TrainingError(f"{path}: a name of an image holds no folder.")
    return names


def _image(folder: Path, name: str) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    path = next((p for suffix in _SUFFIXES if (p := folder / f"{name}{suffix}").is_file()), None)
    if path is None:
        raise BrokenSampleError(f"{folder / name}.jpg: there is no such image")
    image = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise BrokenSampleError(f"{path}: cannot be decoded")
    return np.ascontiguousarray(image[:, :, ::-1])
