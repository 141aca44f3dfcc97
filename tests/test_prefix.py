"""A log that was cut anywhere, as of a run that is still going on: it says what the whole log says."""

import random
from contextlib import suppress
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from convlens import ConvlensError, Run
from convlens.reader import read_bytes
from tests.corpus import GAN
from tests.corpus import run as whole_run

EXACT = 1e-9  # of a fraction printed with all its digits, the last may be lost unseen
FAMILIES = [
    "detection/ssd_512_mobilenet1_0_coco_train.log",
    "detection/ssd_512_resnet50_v1_voc_train.log",
    "detection/ssd_300_resnet34_v1b_coco_train.log",
    "detection/yolo3_darknet53_coco_train.log",
    "detection/yolo3_mobilenet1.0_voc.log",
    "detection/center_net_resnet18_v1b_voc_train.log",
    "detection/faster_rcnn_fpn_resnet101_v1d_coco_train.log",
    "detection/faster_rcnn_resnet50_v1b_voc_train.log",
    "instance/mask_rcnn_fpn_resnet18_v1b_coco_train.log",
    "instance/mask_rcnn_resnet50_v1b_coco_train.log",
    GAN,
]
SETTLED = 5  # boundaries between epochs that it takes for the log to confirm or refute a meter


@cache
def content(path: Path) -> bytes:
    return path.read_bytes()


def read(data: bytes) -> Run | None:
    """The run of a part of a log; None if it is refused."""
    with suppress(ConvlensError):
        return read_bytes(data, "-", "part")
    return None


def check_prefix(part: Run, whole: Run) -> None:
    """Finished epochs and validations of each process are those of the whole log, and nothing else.

    Compared as arrays: tables of hundreds of cuts would take minutes.
    """
    at = [[c.name for c in whole.columns].index(c.name) for c in part.columns]
    for left in part.sessions:
        right = next(session for session in whole.sessions if session.line == left.line)
        done = left.epoch[left.complete].tolist()
        assert done == right.epoch[: len(done)].tolist()
        rows = np.flatnonzero(left.complete)
        assert np.array_equal(left.printed[rows], right.printed[: len(done)][:, at], equal_nan=True)
        assert np.array_equal(left.seconds[rows], right.seconds[: len(done)], equal_nan=True)
        validated = left.score_epoch.tolist()
        assert validated == right.score_epoch[: len(validated)].tolist()
        names = [whole.score_names.index(name) for name in part.score_names]
        known = right.scores[: len(validated)][:, names].reshape(left.scores.shape)
        np.testing.assert_allclose(left.scores, known, rtol=0, atol=EXACT)


def check_own_means(part: Run, whole: Run) -> None:
    """Own means, where the part is long enough to confirm its meters."""
    at = [[c.name for c in whole.columns].index(c.name) for c in part.columns]
    for left in part.sessions:
        right = next(session for session in whole.sessions if session.line == left.line)
        done = int(left.complete.sum())
        if done > SETTLED:
            own, expected = left.own[:done], right.own[:done][:, at]
            assert np.array_equal(np.isfinite(own), np.isfinite(expected))
            finite = np.isfinite(own)
            assert np.all(np.abs(own - expected)[finite] <= left.width[:done][finite] + EXACT)


def places(data: bytes, draw: random.Random) -> list[int]:
    """Where to cut: anywhere, inside numbers, inside validation blocks, and at ends of lines."""
    found = [draw.randrange(len(data)) for _ in range(12)]
    for literal in (
        b"CrossEntropy=",
        b"ObjLoss=",
        b"HeatmapFocal=",
        b"mAP=",
        b"MeanAP @",
        b"Mean AP for",
        b"area= small",
    ):
        at = draw.randrange(len(data))
        inside = data.find(literal, at)
        if inside >= 0:
            found.append(inside + len(literal) + draw.randint(0, 6))
    line_end = data.find(b"\n", draw.randrange(len(data)))
    return [*found, line_end, line_end + 1]


@pytest.mark.parametrize("name", FAMILIES)
def test_a_part_of_a_log_says_what_the_whole_says(corpus, name):
    path = corpus / "logs" / name
    data, whole = content(path), whole_run(path)
    for at in places(data, random.Random(name)):
        part = read(data[:at])
        if part is not None:
            check_prefix(part, whole)
            check_own_means(part, whole)
        else:
            assert at < 20_000


@pytest.mark.parametrize("name", FAMILIES)
def test_the_end_of_a_log_cut_byte_by_byte(corpus, name):
    """The last few hundred bytes: a validation block, a checkpoint's path, a closing line."""
    path = corpus / "logs" / name
    data, whole = content(path), whole_run(path)
    # The arguments and the last epochs alone, so that each cut is read in no time.
    lines = data.splitlines(keepends=True)
    short = b"".join([line for line in lines[:3] if line.startswith(b"Namespace")] + lines[-250:])
    last = read(short)
    assert last is not None
    assert last.validation.iloc[-1].tolist() == whole.validation.iloc[-1].tolist()
    for cut in range(1, 400):
        part = read(short[:-cut])
        assert part is not None
        check_prefix(part, last)


@pytest.mark.parametrize("name", [FAMILIES[0], FAMILIES[4], GAN])
def test_the_beginning_of_a_log_cut_byte_by_byte(corpus, name):
    path = corpus / "logs" / name
    data = content(path)
    seen = set()
    for at in range(data.index(b"\n", data.index(b"[Epoch ", 2000)) + 300, 0, -7):
        part = read(data[:at])
        seen.add(part is not None)
        if part is not None:
            check_prefix(part, whole_run(path))
    assert seen == {True, False}


@pytest.mark.parametrize("name", FAMILIES)
def test_a_young_log_does_not_contradict_its_family(corpus, name):
    """Losses that fall steeply at first look like a mean that runs on; few epochs prove nothing."""
    data = content(corpus / "logs" / name)
    for number in range(6, 15):
        part = read(data[: data.rindex(b"[Epoch %d]" % number)])
        assert part is not None
        assert not [finding for finding in part.findings if finding.code == "CL006"], number


def test_a_cut_inside_a_character(corpus):
    """UTF-8 letters of more than one byte, cut in the middle."""
    data = content(corpus / "logs" / FAMILIES[1])
    at = data.index(b"[Epoch 3] Validation")
    text = data[:at] + "été 名前 ███\n".encode() + data[at : at + 5000]
    for cut in range(at, at + 20):
        part = read(text[:cut])
        assert part is not None
        assert part.summary.epochs == 4
