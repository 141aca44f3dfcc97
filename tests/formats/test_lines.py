"""Line kinds that read and write with one declaration, and pairs of names and numbers."""

import math
import re

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from convlens.formats.gluoncv import detection_lines as kinds
from convlens.formats.lines import NUMBER, Line, decimals_of, read_pairs, same_form

ALL_KINDS = [kind for kind in vars(kinds).values() if isinstance(kind, Line)]
IS_NUMBER = re.compile(NUMBER.encode())

numbers = st.floats(allow_nan=True, allow_infinity=True)
words = st.text(st.characters(codec="utf-8", exclude_categories=["Z", "C"]), min_size=1, max_size=20)
names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,15}", fullmatch=True)
rests = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"])).map(str.strip)


def test_every_kind_is_tried_below():
    assert len(ALL_KINDS) >= 11
    assert {re.sub(r"\{.*?\}", "", kind.template) for kind in ALL_KINDS} >= {
        "Start training from [Epoch ]",
        "[Epoch ] Validation:",
        "[Epoch ] Training cost: , ",
    }


@given(st.data())
@pytest.mark.parametrize("kind", ALL_KINDS, ids=lambda kind: kind.template)
def test_what_is_written_is_read_back(kind, data):
    """Each field comes back as it was printed: integers, numbers to their digits, words and rests whole."""
    record = {}
    for name, spec in re.findall(r"\{(\w+):?([^}]*)\}", kind.template):
        if spec == "d":
            record[name] = data.draw(st.integers(0, 10**7 - 1))
        elif spec == "s":
            record[name] = data.draw(words)
        else:
            record[name] = data.draw(numbers if spec else rests)
    line = kind.format(**record)
    for text in (line, f"before\n{line}\nbehind", f"{line} \t\nbehind"):
        parsed = kind.parse(text.encode(), text.encode().index(line.encode()))
        assert parsed is not None
        for (name, spec), value in zip(
            re.findall(r"\{(\w+):?([^}]*)\}", kind.template), record.values(), strict=True
        ):
            shown = parsed[name].decode()
            assert shown == format(value, spec)
            if isinstance(value, float) and math.isnan(value):
                assert math.isnan(float(shown))


@pytest.mark.parametrize("kind", ALL_KINDS, ids=lambda kind: kind.template)
def test_no_kind_takes_a_part_of_its_line(kind):
    """Up to its last field, whose own end only the line's end tells."""
    record = {"epoch": 7, "step": 8, "seconds": 9.0, "lr": 0.5, "map": 0.25, "best": "0.1", "net": "Net"}
    line = kind.format(**record, path="a/b.params", values="A=1.000").encode()
    assert kind.parse(line) is not None
    last = re.split(r"\{\w+:?[^}]*\}", kind.template)[-1]
    for end in range(line.rindex(last.encode()) if last else line.rindex(b" ") + 1):
        assert kind.parse(line[:end]) is None


def test_a_line_is_told_from_others():
    line = b"[Epoch 3] Training cost: 12.345, A=1.000"
    assert kinds.CLOSE.parse(line) == {"epoch": b"3", "seconds": b"12.345", "values": b"A=1.000"}
    for kind in (kinds.BATCH, kinds.VALIDATION, kinds.RATE, kinds.SAVED, kinds.CLOSE_WITHOUT_COST):
        assert kind.parse(line) is None


@given(numbers)
@example(math.nan)
@example(-math.inf)
@example(5e-324)
@example(-0.0)
def test_every_float_that_python_prints_is_a_number(value):
    for text in (repr(value), f"{value:.3f}", f"{value:g}", f"{value:+e}", f"{value:.2e}".replace("e", "E")):
        assert IS_NUMBER.fullmatch(text.encode()), text


@pytest.mark.parametrize(
    "text", ["", ".", "-", "e5", "1e", "1e+", "0x10", "1_000", "nano", "1,5", "--1", "\u0663", "1e1000"]
)
def test_what_is_no_number(text):
    assert not IS_NUMBER.fullmatch(text.encode())


@pytest.mark.parametrize(
    ("text", "decimals"),
    [
        ("0.074", 3), ("2.70E-05", 7), ("1e-05", 5), ("1.5e3", 0), ("12", 0), ("12.", 0), ("nan", 0),
        ("-inf", 0), ("-1.250", 3), (".5", 1), ("6.000000", 6), ("1E+2", 0),
    ],
)  # fmt: skip
def test_decimals_of_a_number(text, decimals):
    assert decimals_of(text.encode()) == decimals


values = st.floats(-1e6, 1e6).map(lambda v: round(v, 3)) | st.sampled_from(
    [math.nan, math.inf, -math.inf, 0.0]
)
records = st.dictionaries(names, values, min_size=1, max_size=6)


@given(st.lists(records, min_size=1, max_size=20), st.sampled_from([", ", ",", ". ", "  ", " | "]))
def test_pairs_are_read_back(written, joiner):
    """Any mixture of arrangements, NaN and infinities too; what a line lacks is absent, not NaN."""
    lines = [joiner.join(f"{k}={v:.3f}" for k, v in record.items()).encode() for record in written]
    pairs = read_pairs(lines)
    assert set(pairs.names) == {name for record in written for name in record}
    assert pairs.whole.all()
    for n, record in enumerate(written):
        told = {name: pairs.values[n, k] for k, name in enumerate(pairs.names) if pairs.present[n, k]}
        assert told.keys() == record.keys()
        for name, value in record.items():
            assert told[name] == value or (math.isnan(told[name]) and math.isnan(value))
    assert np.isnan(pairs.values[~pairs.present]).all()


def test_pairs_of_the_families():
    lines = [
        b"Speed: 271.845 samples/sec, CrossEntropy=11.553, SmoothL1=6.402",
        b"LR: 2.70E-05, Speed: 102.5 samples/sec, ObjLoss=1210.310, ClassLoss=nan",
        b"Speed: 398863.976 samples/sec,Loss_D=-0.091. Loss_G=6.315.Loss_D_real=nan. Loss_D_fake=-6.314.",
        b"Speed: 6.9 samples/sec, RPN_Conf=0.231,RPN_SmoothL1=-0.083",
        b"Loss_G=6.Loss_D=3.",
    ]
    pairs = read_pairs(lines)
    told = [
        {name: float(pairs.values[n, k]) for k, name in enumerate(pairs.names) if pairs.present[n, k]}
        for n in range(len(lines))
    ]
    assert told[0] == {"Speed": 271.845, "CrossEntropy": 11.553, "SmoothL1": 6.402}
    assert told[1].pop("ClassLoss") != told[1].pop("ObjLoss") == 1210.310
    assert told[1] == {"LR": 2.7e-05, "Speed": 102.5}
    assert math.isnan(told[2].pop("Loss_D_real"))
    assert told[2] == {"Speed": 398863.976, "Loss_D": -0.091, "Loss_G": 6.315, "Loss_D_fake": -6.314}
    assert told[3] == {"Speed": 6.9, "RPN_Conf": 0.231, "RPN_SmoothL1": -0.083}
    assert told[4] == {"Loss_G": 6.0, "Loss_D": 3.0}


@pytest.mark.parametrize(
    "broken",
    [
        b"", b"no pairs", b"A=1.000, B=", b"A=1.000, B=x", b"A=1.000, B=1.2.3", b"A=1.2.3, B=1.000", b"A=12%",
        b"A=1.000, B=0x1f", b"A=--, B=2.000", b"A=, B=2.000", b"A=1e9999, B=2.000", b"A=1.0x, B=2.000",
    ],
)  # fmt: skip
def test_broken_pairs_are_told(broken):
    """A value that cannot be read spoils its line: half a line is no line."""
    pairs = read_pairs([b"A=1.000, B=2.000", broken, b"A=3.000, B=4.000"])
    assert pairs.whole.tolist() == [True, False, True]


def test_words_beside_pairs_do_no_harm():
    pairs = read_pairs([b"device: gpu0, A=1.000, note=fine", b"device: gpu1, A=2.000"])
    assert pairs.whole.tolist() == [False, True]  # what stands last may be a number that was cut
    assert read_pairs([b"net=resnet, A=1.000"]).values.tolist() == [[1.0]]


def test_lines_that_are_all_different_are_all_read():
    """A clock between the pairs makes every line another arrangement."""
    lines = [f"A={n}.500, eta {n // 60}h{n % 60:02d}m{n}s left, B=-{n}.25".encode() for n in range(500)]
    pairs = read_pairs(lines)
    assert pairs.whole.all()
    assert pairs.names == ("A", "B")
    assert pairs.values.tolist() == [[n + 0.5, -(n + 0.25)] for n in range(500)]
    assert pairs.decimals == (3, 2)


def test_decimals_are_those_printed():
    pairs = read_pairs([b"A=1.000, B=nan", b"A=2.123, B=0.250000", b"A=nan, B=0.125000"])
    assert dict(zip(pairs.names, pairs.decimals, strict=True)) == {"A": 3, "B": 6}


@given(st.floats(-1e4, 1e4), st.floats(0, 1e3), st.integers(1, 30))
def test_a_cut_line_has_another_form(left, right, cut):
    """The line's text and its decimals tell whether its last number is whole."""
    before = b"Speed: 27.845 samples/sec, A=11.553, B=6.402"
    line = f"Speed: 271.845 samples/sec, A={left:.3f}, B={right:.3f}".encode()
    assert same_form(line, [before])
    assert not same_form(line[:-cut], [before])


@given(st.floats(1e-9, 1e-1) | st.floats(10, 1e9), st.integers(1, 12))
def test_a_cut_exponent_is_seen(value, cut):
    """2.70e-0 is a number too, and quite another one."""
    line = f"A=0.500, B={value:.2e}".encode()
    before = [b"A=1.500, B=1.00e-07", b"A=1.500, B=1.00e+07"]
    assert same_form(line, before)
    assert not same_form(line[:-cut], before)


@pytest.mark.parametrize(
    "line", [b"x" * 300_000, b"A=" + b"9" * 300_000 + b"x, " * 2, b"A=1," * 75_000, b"=" * 300_000]
)
def test_a_hostile_line_takes_no_time(line):
    """Quadratic in its length would be hours."""
    assert not read_pairs([b"A=1.000, B=2.000", line]).whole[1]


def test_names_may_hold_hyphens():
    pairs = read_pairs([b"err-top1=0.269212 err-top5=0.088329", b"err-top1=0.1 err-top5=-0.5"])
    assert pairs.names == ("err-top1", "err-top5")
    assert pairs.values.tolist() == [[0.269212, 0.088329], [0.1, -0.5]]
