"""TensorBoard's event files."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping

Points = Iterable[tuple[int, Mapping[str, float]]]


def crc(data: bytes) -> int:
    """The masked CRC-32C, a bit at a time."""
    value = 0xFFFFFFFF
    for bit in (byte >> shift & 1 for byte in data for shift in range(8)):
        value = value >> 1 ^ (0x82F63B78 if (value ^ bit) & 1 else 0)
    value ^= 0xFFFFFFFF
    return ((value >> 15 | value << 17) + 0xA282EAD8) & 0xFFFFFFFF


def record(message: bytes) -> bytes:
    length = struct.pack("<Q", len(message))
    return length + struct.pack("<I", crc(length)) + message + struct.pack("<I", crc(message))


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    parts = []
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


def field(number: int, content: int | float | bytes) -> bytes:
    """An integer, a number of single precision, or a message."""
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    if isinstance(content, float):
        return varint(number << 3 | 5) + struct.pack("<f", content)
    return varint(number << 3 | 2) + varint(len(content)) + content


def tensor(value: float) -> bytes:
    """A scalar as TensorFlow 2 writes it: its kind, a shape of no dimensions, four bytes."""
    return field(1, 1) + field(2, b"") + field(4, struct.pack("<f", value))


def event(step: int, *values: bytes) -> bytes:
    time = varint(1 << 3 | 1) + struct.pack("<d", 1.7e9)
    return record(time + (field(2, step) if step else b"") + field(5, b"".join(field(1, v) for v in values)))


def event_file(points: Points, tensors: bool = False, image: bytes = b"") -> bytes:
    """The first record, an `image` if there is one, and an event for each scalar."""
    data = record(varint(1 << 3 | 1) + struct.pack("<d", 1.7e9) + field(3, b"brain.Event:2"))
    if image:
        data += event(0, field(1, b"Images") + field(4, field(1, 8) + field(4, image)))
    for step, scalars in points:
        for tag, value in scalars.items():
            told = field(8, tensor(value)) if tensors else field(2, float(value))
            data += event(step, field(1, tag.encode()) + told)
    return data


def yolo_points(epochs: int = 3, batches: int = 1) -> list[tuple[int, dict[str, float]]]:
    """A mean since the epoch began for each batch, and scores behind the last."""
    points: list[tuple[int, dict[str, float]]] = []
    for epoch in range(epochs):
        for batch in range(batches):
            losses = {"train/box_loss": 1.5 / (epoch + 1) + batch / 8, "train/cls_loss": 2.25 / (epoch + 1)}
            points.append((epoch, losses))
        scores = {"metrics/mAP50(B)": 0.5, "metrics/mAP50-95(B)": 0.25 + 0.05 * epoch, "val/box_loss": 1.25}
        points.append((epoch, {**scores, "x/lr0": 0.01, "x/lr2": 0.07 / (epoch + 1)}))
    return points
