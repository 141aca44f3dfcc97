"""Coloured shapes on noisy ground, drawn from a seed: a detection problem that needs no download."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from convlens.distill._mxnet import cv2
from convlens.distill.config import Shapes
from convlens.distill.data.dataset import Floats32, Image, Sample

KINDS = ("disc", "square", "triangle", "star", "cross")
_TRIES = 20  # for a place that hides no other object
_LEAST_CONTRAST = 60.0  # between an object and the ground, as a distance in RGB


def _outline(kind: str) -> NDArray[np.float64]:
    """The corners of a shape within the unit circle, (n, 2)."""
    if kind == "cross":
        arm, reach = 0.3, 0.95
        corners = [(arm, arm), (arm, reach), (-arm, reach), (-arm, arm), (-reach, arm), (-reach, -arm)]
        corners += [(-arm, -arm), (-arm, -reach), (arm, -reach), (arm, -arm), (reach, -arm), (reach, arm)]
        return np.array(corners)
    count, inner = {"disc": (32, 1.0), "square": (4, 1.0), "triangle": (3, 1.0), "star": (10, 0.45)}[kind]
    turn = np.pi / 4 if kind == "square" else -np.pi / 2
    angle = turn + 2 * np.pi * np.arange(count) / count
    radius = np.where(np.arange(count) % 2, inner, 1.0)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


_OUTLINES = {kind: _outline(kind) for kind in KINDS}


class ShapesSet:
    """`count` images, drawn once and held; equal seeds give equal images."""

    def __init__(self, settings: Shapes, count: int, size: int, seed: tuple[int, ...]) -> None:
        self.classes = KINDS[: settings.kinds]
        self.samples = [draw(settings, size, np.random.default_rng((*seed, index))) for index in range(count)]

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> Sample:
        return self.samples[index]


def draw(settings: Shapes, size: int, rng: np.random.Generator) -> Sample:
    """One image; an object for which there is no free place is left out, the first never is."""
    ground = rng.uniform(40, 215, 3)
    slope = rng.uniform(-0.5, 0.5, (2, 3)) * 80 / size
    rows, columns = np.arange(size)[:, None, None], np.arange(size)[None, :, None]
    image = ground + slope[0] * (rows - size / 2) + slope[1] * (columns - size / 2)
    image = np.ascontiguousarray(image, dtype=np.float32)
    boxes: list[Floats32] = []
    labels: list[int] = []
    for _ in range(rng.integers(1, settings.most_objects + 1)):
        label = int(rng.integers(settings.kinds))
        corners = _place(settings, size, KINDS[label], boxes, rng)
        if corners is None:
            continue
        cv2.fillPoly(image, [np.rint(corners * 16).astype(np.int32)], _colour(ground, rng), cv2.LINE_AA, 4)
        boxes.append(_box(corners, size))
        labels.append(label)
    image += rng.standard_normal(image.shape, dtype=np.float32) * np.float32(settings.noise)
    pixels: Image = np.clip(np.rint(image), 0, 255).astype(np.uint8)
    found = np.array(labels, dtype=np.float32)
    return Sample(pixels, np.stack(boxes), found, np.zeros_like(found))


def _place(
    settings: Shapes, size: int, kind: str, others: list[Floats32], rng: np.random.Generator
) -> NDArray[np.float64] | None:
    """The corners of an object that hides little of the others and is hidden little by the edge."""
    for _ in range(_TRIES):
        side = rng.uniform(settings.smallest, settings.largest) * size
        turn = np.deg2rad(rng.uniform(-settings.rotation, settings.rotation))
        rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        outline = _OUTLINES[kind] @ rotation
        low, high = outline.min(axis=0), outline.max(axis=0)
        outline *= side / (high - low).max()
        low, high = outline.min(axis=0), outline.max(axis=0)
        corners: NDArray[np.float64] = outline + rng.uniform(-low, size - 1 - high)
        box = _box(corners, size)
        if all(_hidden(box, other) <= settings.overlap for other in others):
            return corners
    return None if others else corners


def _box(corners: NDArray[np.float64], size: int) -> Floats32:
    ends = np.concatenate([corners.min(axis=0), corners.max(axis=0) + 1])
    box: Floats32 = np.clip(ends, 0, size).astype(np.float32)
    return box


def _hidden(a: Floats32, b: Floats32) -> float:
    """The larger part of either box that lies in the other."""
    width, height = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    smaller = min(np.prod(a[2:] - a[:2]), np.prod(b[2:] - b[:2]))
    return float(max(width, 0) * max(height, 0) / smaller)


def _colour(ground: NDArray[np.float64], rng: np.random.Generator) -> tuple[float, float, float]:
    while True:
        colour = rng.uniform(0, 255, 3)
        if np.linalg.norm(colour - ground) >= _LEAST_CONTRAST:
            return float(colour[0]), float(colour[1]), float(colour[2])
