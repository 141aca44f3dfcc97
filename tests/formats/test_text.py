"""A log's bytes as plain lines."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from convlens.formats.text import Text, clean, quote

LOGLIKE = st.binary() | st.text("[Epoch 0123]Batch,\n").map(str.encode)


@pytest.mark.parametrize(
    ("raw", "plain"),
    [
        (b"a\r\nb\r\n", b"a\nb\n"),
        (b"10%\r50%\r100%\n", b"10%\n50%\n100%\n"),
        (b"\xef\xbb\xbfa\n", b"a\n"),
        (b"a\n\0\0\0", b"a\n"),
        (b"\x1b[32mgreen\x1b[0m\n", b"green\n"),
        (b"\x1b]0;title\x07a\x1b[2Kb\n", b"ab\n"),
        (b"\x1b[38;5;208m[Epoch 1]\x1b[m\n", b"[Epoch 1]\n"),
        ("a\né\n".encode("utf-16"), "a\né\n".encode()),
        ("a\n".encode("utf-16-be"), b"a\n"),  # no byte order mark: its NULs go
        (b"[1,0]<stderr>:INFO:root:a\n[1,1]<stderr>:b\n[1,0]<stdout>:c\n", b"INFO:root:a\n\nc\n"),
        (b"Mon Jan 1 00:00:00 2024[1,0]<stderr>:a\n", b"a\n"),
        (b"plain <stderr>: text\n", b"plain <stderr>: text\n"),
        (b"", b""),
    ],
)
def test_cleaning(raw, plain):
    assert clean(raw)[0] == plain


@pytest.mark.parametrize("raw", [b"a\n\0\0", "a\n".encode("utf-16")])
def test_odd_bytes_are_told(raw):
    assert [finding.code for finding in clean(raw)[1]] == ["CL020"]


def test_plain_text_is_left_alone():
    raw = "[Epoch 0] é 中文 ~~~~\n".encode()
    assert clean(raw) == (raw, ())


@given(st.binary())
@example(b"\xff\xfea")
@example(b"\xfe\xff\xd8\x00")
def test_cleaning_never_fails_and_leaves_plain_bytes(raw):
    plain = clean(raw)[0]
    assert not {0, ord("\r")} & set(plain)
    assert clean(plain)[0] == clean(clean(plain)[0])[0]


@given(LOGLIKE, st.integers(0, 50))
def test_lines_are_counted_as_an_editor_does(data, at):
    text = Text(data)
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    assert len(text.ends) == len(lines)
    for number, line in enumerate(lines):
        start = text.line_start(number)
        assert data[start : text.ends[number]] == line
    if at < len(data):
        assert text.line_number(at) == data.count(b"\n", 0, at) + 1
        assert text.line_of(np.array([at]))[0] == data.count(b"\n", 0, at)


@given(
    LOGLIKE, st.sampled_from([b"[", b"[Epoch ", b"][Batch ", b"] Training cost: ", b"Start training from "])
)
def test_finding_a_literal(data, literal):
    at = [n for n in range(len(data)) if data.startswith(literal, n)]
    text = Text(data)
    assert text.find(literal).tolist() == at
    everywhere = np.arange(len(data) + 1)
    assert np.flatnonzero(text.has(literal, everywhere)).tolist() == at


@given(
    st.lists(
        st.from_regex(r"[0-9]{0,7}[^0-9\x00]", fullmatch=True) | st.sampled_from(["1234567]", "007x", "/1:"])
    )
)
@example(["0]", "9999999]", "a", ":", "/"])
def test_integers(parts):
    """Numbers of up to seven digits, wherever they stand, the end of the data too."""
    encoded = [part.encode() for part in parts]
    starts = np.cumsum([0, *map(len, encoded)])
    values, behind = Text(b"".join(encoded)).integers(starts)
    for part, start, value, end in zip([*encoded, b""], starts, values, behind, strict=True):
        digits = part[: next((n for n, byte in enumerate(part) if not 48 <= byte <= 57), len(part))]
        assert (value, end - start) == (int(digits or 0), len(digits))


@pytest.mark.parametrize(
    "line", [b"\x1b]0;x\x07", "\u202eabc".encode(), b"\xff\xfe\x00", b"a\nb\r\t", b"\x9b31m"]
)
def test_a_quoted_line_can_be_shown_anywhere(line):
    assert quote(line).isprintable()


def test_a_long_quoted_line_is_short():
    assert len(quote(b"x" * 1000, 60)) <= 62
