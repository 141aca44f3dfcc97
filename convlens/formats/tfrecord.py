"""The scalars in a TensorBoard event file: TFRecords of Event messages, read with the standard library.

A record is its length (u64), a masked CRC-32C of that, as many bytes, and a CRC of these
(https://www.tensorflow.org/tutorials/load_data/tfrecord). Of the messages only the step and the scalars of a
summary are decoded: PyTorch writes them as simple values, TensorFlow 2 as tensors.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np

from convlens.findings import Code, Finding

_HEADER, _FOOTER = struct.Struct("<QI"), 4
_FLOAT, _DOUBLE = struct.Struct("<f"), struct.Struct("<d")
_SIZES = {1: 8, 5: 4}  # bytes of the fixed wire types
_DT_FLOAT, _DT_DOUBLE = 1, 2


class Scalar(NamedTuple):
    """One scalar: the number of its record (from 1), its step and its tag."""

    record: int
    step: int
    tag: str
    value: float


def is_event_file(head: bytes) -> bool:
    """Whether the bytes begin with a record whose length has the right checksum."""
    return len(head) > _HEADER.size and _length(head, 0) is not None and b"brain.Event:" in head[:64]


def read_scalars(data: bytes) -> tuple[list[Scalar], list[Finding]]:
    """All scalars of an event file, in its order; what was cut off or broken is told."""
    scalars: list[Scalar] = []
    findings = []
    at, record, broken = 0, 0, 0
    while at < len(data):
        record += 1
        length = _length(data, at)
        end = at + _HEADER.size + (length or 0)
        if length is None or end > len(data):
            cut = length is not None or at + _HEADER.size > len(data)
            text = f"the event file {'ends inside a record' if cut else 'is broken'}: the rest is not read"
            findings.append(Finding(Code.CUT_OFF, text, f"record {record}"))
            break
        try:
            scalars += _of_event(data[at + _HEADER.size : end], record)
        except (IndexError, struct.error, ValueError):
            broken += 1
        at = end + _FOOTER
    if broken:
        findings.append(Finding(Code.NOT_UNDERSTOOD, f"{broken} records of the event file are broken"))
    return scalars, findings


def _of_event(message: bytes, record: int) -> Iterator[Scalar]:
    step, summary = 0, b""
    for number, value in _fields(message):
        if number == 2 and isinstance(value, int):
            step = value
        elif number == 5 and isinstance(value, bytes):
            summary = value
    for number, value in _fields(summary):
        if number == 1 and isinstance(value, bytes):
            told = dict(_fields(value))
            tag, scalar = told.get(1), _number(told)
            if isinstance(tag, bytes) and scalar is not None:
                yield Scalar(record, step, tag.decode("utf-8", errors="replace"), scalar)


def _number(told: dict[int, int | bytes]) -> float | None:
    """The simple value of a summary, or that of a tensor without dimensions."""
    if isinstance(simple := told.get(2), bytes) and len(simple) == _FLOAT.size:
        return _shortest(simple)
    tensor = told.get(8)
    if not isinstance(tensor, bytes):
        return None
    parts = dict(_fields(tensor))
    for kind, form, numbers in ((_DT_FLOAT, _FLOAT, 5), (_DT_DOUBLE, _DOUBLE, 6)):
        for content in (parts.get(4), parts.get(numbers)):
            if parts.get(1) == kind and isinstance(content, bytes) and len(content) == form.size:
                return _shortest(content) if form is _FLOAT else float(form.unpack(content)[0])
    return None


def _shortest(content: bytes) -> float:
    """The shortest decimal number that is this one in single precision: 0.45929, not 0.4592899978160858."""
    return float(str(np.frombuffer(content, "<f4")[0]))


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a protobuf message: numbers, and integers or bytes."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(message, at)
            yield key >> 3, value
            continue
        if kind == 2:
            size, at = _varint(message, at)
        else:
            size = _SIZES[kind] if kind in _SIZES else len(message) + 1
        if at + size > len(message):
            raise ValueError("a field that is longer than its message")
        yield key >> 3, message[at : at + size]
        at += size


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
        if shift > 63:
            raise ValueError("an integer of more than 64 bits")


def _length(data: bytes, at: int) -> int | None:
    """The length of the record at an offset, None if its checksum is wrong."""
    if at + _HEADER.size > len(data):
        return None
    length, masked = _HEADER.unpack_from(data, at)
    crc, table = 0xFFFFFFFF, _table()
    for byte in data[at : at + 8]:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    right = ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
    return int(length) if masked == right else None


@cache
def _table() -> tuple[int, ...]:
    """CRC-32C (Castagnoli), a byte at a time."""
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
        table.append(crc)
    return tuple(table)
