"""Augmentation: SSD's for photographs, in numpy and OpenCV, and a light one for drawn shapes.

SSD's is that of GluonCV's `SSDDefaultTrainTransform` (after Liu et al., 2016): distorted colours, expansion,
a crop, a resize and a flip, drawn in the same order, but from the generator that is given. What a distortion
takes beyond 0 and 255 is kept, as there.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.typing import NDArray

from convlens.distill._mxnet import cv2
from convlens.distill.data.dataset import Floats32, Image, Sample

_MEAN_COLOUR = (0.485 * 255, 0.456 * 255, 0.406 * 255)
_LARGEST_EXPANSION = 4.0
_LEAST_OVERLAPS = (0.1, 0.3, 0.5, 0.7, 0.9)  # of a crop with every object
_TRIES = 50
_SMALLEST_CROP = 0.3
_INTERPOLATIONS = 5  # OpenCV's codes 0 to 4
_TO_YIQ = np.array([[0.299, 0.587, 0.114], [0.596, -0.274, -0.321], [0.211, -0.523, 0.311]])
_FROM_YIQ = np.array([[1.0, 0.956, 0.621], [1.0, -0.272, -0.647], [1.0, -1.107, 1.705]])
_GREY = np.array([0.299, 0.587, 0.114])

Matrix = NDArray[np.float64]


def light(sample: Sample, rng: np.random.Generator) -> Sample:
    """A flip and a permutation of the colours: shapes have no natural ones."""
    sample = flip(sample) if rng.random() < 0.5 else sample
    return sample._replace(image=sample.image[:, :, rng.permutation(3)])


class SsdAugment:
    """SSD's augmentation to images of `size` x `size`."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """One sample, augmented; objects whose centre a crop leaves out are gone."""
        sample = sample._replace(image=distort(sample.image, rng))
        if rng.uniform(0, 1) > 0.5:
            sample = expand(sample, rng)
        sample = crop(sample, rng)
        sample = resize(sample, self.size, int(rng.integers(0, _INTERPOLATIONS)))
        return flip(sample) if rng.random() >= 0.5 else sample


def flip(sample: Sample) -> Sample:
    """The mirror image, left and right exchanged."""
    width = sample.image.shape[1]
    boxes = sample.boxes.copy()
    boxes[:, [0, 2]] = width - sample.boxes[:, [2, 0]]
    return sample._replace(image=np.ascontiguousarray(sample.image[:, ::-1]), boxes=boxes)


def resize(sample: Sample, size: int, interpolation: int | None = None) -> Sample:
    """The sample at `size` x `size` pixels, by the method that suits the change of size if none is given."""
    height, width = sample.image.shape[:2]
    if interpolation is None:
        both_larger, both_smaller = size > max(height, width), size < min(height, width)
        interpolation = (
            cv2.INTER_CUBIC if both_larger else cv2.INTER_AREA if both_smaller else cv2.INTER_LINEAR
        )
    image = cv2.resize(sample.image, (size, size), interpolation=interpolation)
    scale = np.array([size / width, size / height] * 2, dtype=np.float32)
    return sample._replace(image=image, boxes=sample.boxes * scale)


def distort(image: Image, rng: np.random.Generator) -> Floats32:
    """Brightness, contrast, saturation and hue, each with probability one half.

    All are linear in RGB, so their matrices are multiplied first and the image is touched once.
    """
    offset = rng.uniform(-32, 32) if rng.uniform(0, 1) > 0.5 else 0.0
    contrast_first = rng.integers(0, 2)
    contrast = _contrast(rng) if contrast_first else 1.0
    colours = np.eye(3)
    if rng.uniform(0, 1) > 0.5:
        alpha = rng.uniform(0.5, 1.5)
        colours = alpha * np.eye(3) + (1 - alpha) * np.tile(_GREY, (3, 1))
    if rng.uniform(0, 1) > 0.5:
        colours = _hue(rng.uniform(-18, 18)) @ colours
    colours = colours * (contrast if contrast_first else _contrast(rng))
    affine = np.concatenate([colours, colours.sum(axis=1, keepdims=True) * offset], axis=1)
    distorted: Floats32 = cv2.transform(image.astype(np.float32), affine)
    return distorted


def _contrast(rng: np.random.Generator) -> float:
    return rng.uniform(0.5, 1.5) if rng.uniform(0, 1) > 0.5 else 1.0


def _hue(turn: float) -> Matrix:
    u, w = np.cos(turn * np.pi), np.sin(turn * np.pi)
    rotation = np.array([[1.0, 0.0, 0.0], [0.0, u, -w], [0.0, w, u]])
    product: Matrix = _FROM_YIQ @ rotation @ _TO_YIQ
    return product


def expand(sample: Sample, rng: np.random.Generator) -> Sample:
    """The image somewhere on a larger ground of ImageNet's mean colour."""
    height, width, channels = sample.image.shape
    ratio = rng.uniform(1, _LARGEST_EXPANSION)
    tall, wide = int(height * ratio), int(width * ratio)
    top, left = int(rng.integers(0, tall - height + 1)), int(rng.integers(0, wide - width + 1))
    ground = np.empty((tall, wide, channels), dtype=np.float32)
    ground[:] = _MEAN_COLOUR
    ground[top : top + height, left : left + width] = sample.image
    shift = np.array([left, top, left, top], dtype=np.float32)
    return sample._replace(image=ground, boxes=sample.boxes + shift)


def crop(sample: Sample, rng: np.random.Generator) -> Sample:
    """The whole image or a part that has some least overlap with every object and the centre of one."""
    height, width = sample.image.shape[:2]
    if not len(sample.boxes):
        return sample
    windows = [(0, 0, width, height)]
    for least in _LEAST_OVERLAPS:
        tried = (_window(width, height, rng) for _ in range(_TRIES))
        windows += itertools.islice((w for w in tried if _least_overlap(sample.boxes, w) >= least), 1)
    windows.append(_window(width, height, rng))  # which need not overlap any
    while windows:
        cut = _cut(sample, windows.pop(int(rng.integers(0, len(windows)))))
        if len(cut.boxes):
            return cut
    return sample


Window = tuple[int, int, int, int]  # left, top, right, bottom [pixels]


def _window(width: int, height: int, rng: np.random.Generator) -> Window:
    scale = rng.uniform(_SMALLEST_CROP, 1)
    ratio = rng.uniform(max(0.5, scale * scale), min(2, 1 / (scale * scale)))
    tall, wide = int(height * scale / math.sqrt(ratio)), int(width * scale * math.sqrt(ratio))
    top, left = int(rng.integers(0, max(1, height - tall))), int(rng.integers(0, max(1, width - wide)))
    return left, top, left + wide, top + tall


def _least_overlap(boxes: Floats32, window: Window) -> float:
    """The smallest intersection over union of the boxes with a window."""
    left, top, right, bottom = window
    least = 1.0
    for x0, y0, x1, y1 in boxes.tolist():
        common = max(min(x1, right) - max(x0, left), 0) * max(min(y1, bottom) - max(y0, top), 0)
        union = (x1 - x0) * (y1 - y0) + (right - left) * (bottom - top) - common
        least = min(least, common / union)
    return least


def _cut(sample: Sample, window: Window) -> Sample:
    """The part of a sample in a window; objects whose centre lies outside are gone."""
    left, top, right, bottom = window
    low, high = np.array(window[:2], dtype=np.float32), np.array(window[2:], dtype=np.float32)
    centres = (sample.boxes[:, :2] + sample.boxes[:, 2:]) / 2
    boxes = np.concatenate(
        [np.maximum(sample.boxes[:, :2], low) - low, np.minimum(sample.boxes[:, 2:], high) - low], axis=1
    )
    kept = ((low <= centres) & (centres < high)).all(axis=1) & (boxes[:, :2] < boxes[:, 2:]).all(axis=1)
    image = sample.image[top:bottom, left:right]
    return Sample(image, boxes[kept], sample.labels[kept], sample.difficult[kept])
