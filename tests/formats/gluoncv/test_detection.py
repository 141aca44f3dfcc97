"""Detection logs: few lines are read at first, and that must not show."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convlens.formats import recognise
from convlens.formats.base import SUMMARY, Blocks, Want
from convlens.formats.gluoncv import detection
from convlens.sessions import build_sessions
from tests.handmade import batch, close, epochs, log, start, voc

EVERYTHING = Want(batches=True, class_ap=True)
ARRAYS = (
    "epoch",
    "first",
    "printed",
    "own",
    "closing",
    "present",
    "lr",
    "speed",
    "seconds",
    "complete",
    "last_step",
)


def blocks(data: bytes, want: Want) -> Blocks:
    return detection.read(data, want)


def check_thin_reading(data: bytes) -> None:
    """Sessions made of the first and last line of each stretch are those made of all lines."""
    thin, whole = (build_sessions(blocks(data, want)) for want in (SUMMARY, EVERYTHING))
    assert len(thin.sessions) == len(whole.sessions)
    names = [column.name for column in thin.columns]
    at = [[column.name for column in whole.columns].index(name) for name in names]
    for left, right in zip(thin.sessions, whole.sessions, strict=True):
        assert (left.line, left.start, left.started) == (right.line, right.start, right.started)
        for name in ARRAYS:
            one, other = getattr(left, name), getattr(right, name)
            other = other[:, at] if other.ndim == 2 else other
            assert np.array_equal(one, other, equal_nan=one.dtype == float), name


def test_few_lines_say_what_all_say(real_log):
    check_thin_reading(real_log.read_bytes())


@given(st.lists(st.sampled_from([
    start(), batch(0, 99, 5.0), batch(0, 199, 4.5), batch(0, 299, 4.0), close(0, 3.9), voc(0, 0.5),
    batch(1, 99, 3.5), batch(1, 199, 3.0), close(1, 2.9), voc(1, 0.6), start(1), "", "[Epoch 1] odd",
    batch(2, 99, 2.5), batch(2, 199, float("nan")),
]), min_size=1, max_size=30))  # fmt: skip
def test_few_lines_say_what_all_say_in_any_order(lines):
    check_thin_reading(log(lines).encode())


def test_few_lines_are_read():
    """Which is what makes it fast: of 100 batch lines in 2 epochs only 4."""
    lines = [start(), *(batch(epoch, 100 * n + 99, 5.0) for epoch in (0, 1) for n in range(50))]
    data = log(lines).encode()
    assert len(blocks(data, SUMMARY).train) == 4
    assert len(blocks(data, EVERYTHING).train) == 100


def test_class_aps_are_read_when_asked_for():
    data = log(start(), epochs(0, 0), voc(0, 0.5)).encode()
    assert blocks(data, SUMMARY).class_ap.class_name == []
    assert blocks(data, EVERYTHING).class_ap.class_name == ["aeroplane", "tvmonitor"]


@pytest.mark.parametrize(
    ("head", "known"),
    [
        (b"[Epoch 0][Batch 99], Speed", True),
        (b"INFO:root:[Epoch 12] Training cost: 1.0, A=1", True),
        (b"[Epoch 3], Speed: 12.0 samples/sec,A=1", True),
        (b"Start training from [Epoch 0]", True),
        (b"[Epoch 0] Validation:", True),
        (b"[Epoch 0] StudentNet Validation: ", True),
        ("[Epoch 0][Batch 99], Speed".encode("utf-16"), True),
        (b"\x1b[32m[Epoch 0]\x1b[0m\n[Epoch 0][Batch \x1b[1m99]", True),
        (b"x" * 100_000 + b"\n[Epoch 0][Batch 99], Speed", True),
        (b"[Epoch 0] validation: err-top1=0.5", False),  # of other tasks
        (b"Epoch[0] Batch [49]\tSpeed: 1.0 samples/sec", False),
        (b"Epoch 119 iteration 0180/0187: training loss 0.466", False),
        (b"[Epoch x][Batch y]", False),
        (b"Namespace(epochs=1)", False),
        (b"", False),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_log_is_known_by_its_first_bytes(head, known):
    assert (recognise("any.name", head) is detection.FORMAT) == known
