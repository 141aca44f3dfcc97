"""Validation blocks of VOC and COCO."""

import math

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from convlens.formats.gluoncv.scores import (
    holds_scores,
    is_cut,
    read_classes,
    read_scores,
    write_coco,
    write_voc,
)

AR = ("ar_1", "ar_10", "ar_100", "ar_small", "ar_medium", "ar_large")
TWELVE = ("map", "map_50", "map_75", "map_small", "map_medium", "map_large", *AR)
COCO = b"""
~~~~ Summary metrics ~~~~
=Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = 0.096
 Average Precision  (AP) @[ IoU=0.50      | area=   all | maxDets=100 ] = 0.214
 Average Precision  (AP) @[ IoU=0.75      | area=   all | maxDets=100 ] = 0.075
 Average Precision  (AP) @[ IoU=0.50:0.95 | area= small | maxDets=100 ] = -1.000
 Average Precision  (AP) @[ IoU=0.50:0.95 | area=medium | maxDets=100 ] = 0.119
 Average Precision  (AP) @[ IoU=0.50:0.95 | area= large | maxDets=100 ] = 0.156
 Average Recall     (AR) @[ IoU=0.50:0.95 | area=   all | maxDets=  1 ] = 0.123
 Average Recall     (AR) @[ IoU=0.50:0.95 | area=   all | maxDets= 10 ] = 0.190
 Average Recall     (AR) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = 0.202
 Average Recall     (AR) @[ IoU=0.50:0.95 | area= small | maxDets=100 ] = 0.040
 Average Recall     (AR) @[ IoU=0.50:0.95 | area=medium | maxDets=100 ] = 0.219
 Average Recall     (AR) @[ IoU=0.50:0.95 | area= large | maxDets=100 ] = 0.313
person=21.5
traffic light=nan
a=b=-100.0
~~~~ MeanAP @ IoU=[0.50,0.95] ~~~~
=9.6
"""
MASK = b"""
~~~~ Summary bbox metrics ~~~~
 Average Precision  (AP) @[ IoU=0.50      | area=   all | maxDets=100 ] = 0.587
~~~~ Mean AP for bbox ~~~~
=38.2
~~~~ Summary segm metrics ~~~~
 Average Precision  (AP) @[ IoU=0.50      | area=   all | maxDets=100 ] = 0.548
 Average Recall     (AR) @[ IoU=0.50:0.95 | area= large | maxDets=100 ] = 0.651
~~~~ Mean AP for segm ~~~~
 33.1
"""

fractions = st.floats(0, 1) | st.sampled_from([0.0, 1.0, 9.127418765972982e-05, math.nan])
classes = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=12
).filter(lambda name: name == name.rstrip() and not name.startswith(("mAP", "~~~~")))


def percent(block: bytes) -> dict[str, float]:
    read = read_scores(block)
    return {name: read.in_percent(name) for name in read.names}


def block(text: str) -> bytes:
    return f"\n{text}\n".encode()


@given(st.dictionaries(classes, fractions, max_size=5), fractions)
@example({"traffic light": 0.5, "a=b": 0.25, "中文": 1.0, "x=1": 0.0, "a b c": 0.3}, 0.1)
def test_voc_is_read_back(class_ap, mean):
    text = block(write_voc({name: ap * 100 for name, ap in class_ap.items()}, mean * 100))
    assert percent(text) == pytest.approx({"map": mean * 100}, rel=1e-12, abs=1e-12, nan_ok=True)
    read = dict(read_classes(text, in_percent=False))
    assert read == pytest.approx(
        {k: ap * 100 for k, ap in class_ap.items()}, rel=1e-12, abs=1e-12, nan_ok=True
    )
    assert holds_scores(text)


tenths = st.integers(0, 1000).map(lambda n: n / 10) | st.just(math.nan)


@given(st.lists(tenths, min_size=12, max_size=12), st.dictionaries(classes, tenths, max_size=4))
def test_coco_is_read_back(values, class_ap):
    scores = dict(zip(TWELVE, values, strict=True))
    text = block(write_coco(scores, class_ap))
    assert percent(text) == pytest.approx(scores, nan_ok=True)
    assert dict(read_classes(text, in_percent=True)) == pytest.approx(class_ap, nan_ok=True)


@given(st.lists(tenths, min_size=24, max_size=24))
def test_both_tasks_are_read_back(values):
    boxes, masks = (dict(zip(TWELVE, part, strict=True)) for part in (values[:12], values[12:]))
    text = block(write_coco(boxes, {}, "bbox") + "\n" + write_coco(masks, {}, "segm"))
    read = percent(text)
    assert {name: read[name] for name in TWELVE} == pytest.approx(boxes, nan_ok=True)
    segm = {
        name.replace("map", "map_segm").replace("ar_", "ar_segm_"): value for name, value in masks.items()
    }
    assert {name: read[name] for name in read if name not in TWELVE} == pytest.approx(segm, nan_ok=True)


def test_coco_as_printed():
    """-1 says that there are no such objects: no score."""
    read = percent(COCO)
    told = (9.6, 21.4, 7.5, math.nan, 11.9, 15.6, 12.3, 19.0, 20.2, 4.0, 21.9, 31.3)
    assert read == pytest.approx(dict(zip(TWELVE, told, strict=True)), nan_ok=True)
    aps = {"person": 21.5, "traffic light": math.nan, "a=b": math.nan}
    assert dict(read_classes(COCO, in_percent=True)) == pytest.approx(aps, nan_ok=True)


def test_coco_with_lines_missing():
    read = percent(MASK)
    assert read == {"map": 38.2, "map_50": 58.7, "map_segm": 33.1, "map_segm_50": 54.8, "ar_segm_large": 65.1}


def test_no_digit_more_than_is_printed():
    """0.29 in binary times 100 is 28.999999999999996."""
    assert percent(b"\nmAP=0.29\n") == {"map": 29.0}
    assert percent(b"\nmAP=0.7517552806432435\n") == {"map": 75.17552806432435}
    assert percent(b"\nmAP=0.800582\n") == {"map": 80.0582}
    assert percent(b"\nmAP=9.127418765972982e-05\n") == {"map": 9.127418765972982e-03}


def test_a_block_printed_twice_is_one():
    doubled = b"".join(line * 2 for line in COCO.splitlines(keepends=True))
    assert percent(doubled) == pytest.approx(percent(COCO), nan_ok=True)


@pytest.mark.parametrize(
    "text",
    [
        b"", b"\n", b"\nperson=0.5\n", b"\nmAP=\n", b"\nmAP=x\n", b"\nxmAP=0.5\n", b"\nbest_map is 0.5\n",
        b"\n~~~~ Summary metrics ~~~~\n", b"\n~~~~ MeanAP @ IoU=[0.50,0.95] ~~~~\n", COCO[:-6],
        b"\n=21.5\n", b"\nmAP=0.5 and more\n",
    ],
)  # fmt: skip
def test_what_is_not_whole_has_no_scores(text):
    assert not read_scores(text).names


@pytest.mark.parametrize("whole", [COCO, MASK], ids=["coco", "boxes and masks"])
def test_a_cut_block_is_never_used(whole):
    """Only the newline behind its last number may be missing; boxes without masks are no validation."""
    for end in range(1, len(whole) + 1):
        cut = whole[:end]
        used = read_scores(cut).whole and not is_cut(cut, [read_scores(whole)])
        assert used == (end >= len(whole) - 1), cut[-30:]


@pytest.mark.parametrize(("number", "earlier"), [("0.800582", [6, 6, 6]), ("0.80", [2] * 5), ("0.5000", [4])])
def test_fixed_decimals_tell_a_cut_exactly(number, earlier):
    before = [read_scores(f"\nmAP={0.5:.{shown}f}\n".encode()) for shown in earlier]
    text = f"\na=0.5\nmAP={number}".encode()
    assert not is_cut(text, before)
    assert not is_cut(text + b"\n", [])
    assert all(is_cut(text[:end], before) for end in range(len(text)))


@given(st.lists(st.floats(0.1, 0.999), min_size=3, max_size=9), st.floats(0.1, 0.999), st.integers(0, 18))
def test_a_cut_fraction_is_left_out_or_harmless(earlier, value, cut):
    """Numbers of repr are not all of a length: what may pass for whole is off by less than a print shows."""
    assume(min(len(repr(number)) for number in earlier) > 15)
    before = [read_scores(f"\nmAP={number!r}\n".encode()) for number in earlier]
    text = f"\na=0.5\nmAP={value!r}"
    short = text[: len(text) - cut].encode()
    if not is_cut(short, before):
        assert percent(short)["map"] == pytest.approx(100 * value, abs=1e-9)
    if not cut and len(repr(value)) >= 18:
        assert not is_cut(short, before)


@pytest.mark.parametrize("earlier", [[], ["0.5", "0.55"], ["0.7517552806432435", "0.40289767311634483"]])
@pytest.mark.parametrize("number", ["9.127418765972982e-05", "0.5117552806432435", "0.25"])
def test_a_cut_never_makes_another_number(number, earlier):
    """Without its last digit 9.1e-05 would be 9.1, and 0.5 would be 0."""
    before = [read_scores(f"\nmAP={shown}\n".encode()) for shown in earlier]
    for end in range(1, len(number)):
        short = f"\na=0.5\nmAP={number[:end]}".encode()
        if not is_cut(short, before) and read_scores(short).names:
            assert percent(short)["map"] == pytest.approx(float(number) * 100, abs=6)
            assert "e" not in number


def test_boxes_without_masks_are_cut():
    for end in range(MASK.index(b"~~~~ Summary segm"), MASK.index(b"~~~~ Mean AP for segm")):
        assert is_cut(MASK[:end], [read_scores(MASK)])


def test_what_follows_a_block_proves_it_whole():
    assert not is_cut(b"\na=0.5\nmAP=0.5\nbest_map is 0.5", [])
    assert not is_cut(COCO + b"\nmore", [])
    assert not is_cut(b"\nmAP=0.5\n", [read_scores(b"\nmAP=0.7517552806432435\n")] * 3)
