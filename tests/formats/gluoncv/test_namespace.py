"""The arguments that a script prints, read without evaluation."""

import argparse
import math
import pickle
import warnings

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from convlens.formats.gluoncv.namespace import format_namespace, parse_namespace

names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,15}", fullmatch=True).filter(lambda name: name != "self")
plain = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.binary()
)
literals = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.dictionaries(names, literals, max_size=8))
@example({"a": "it's", "b": 'say "x"', "c": "a, b=(1", "d": "\\", "e": "'\\''\"", "f": "Namespace(x=1)"})
@example({"None_": None, "f": "f(", "lr": 1e-05, "clamp_lower": -0.03, "empty": "", "comma": ","})
@example({"if": 1, "class": 2})
def test_what_is_written_is_read_back(arguments):
    assert parse_namespace(format_namespace(arguments)) == arguments


@given(st.dictionaries(names, literals, max_size=8))
def test_argparse_prints_the_same(arguments):
    """Up to the order of the names, which newer versions of argparse keep as they come."""
    printed = repr(argparse.Namespace(**arguments))
    if printed.startswith("Namespace(**") or "**{" in printed:
        return  # names that are keywords
    assert parse_namespace(printed) == arguments


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Namespace(a=1, b='x')", {"a": 1, "b": "x"}),
        ("INFO:root:Namespace(a=1)", {"a": 1}),
        ("2024-01-01 Namespace(a=1) and more, b=2", {"a": 1}),
        ("Namespace()", {}),
        ("Namespace(", {}),
        ("nothing", {}),
        ("Namespace(a=1, b='cut of", {"a": 1}),
        ("Namespace(lr=nan, wd=inf)", {"lr": "nan", "wd": "inf"}),
        ("Namespace(ctx=[gpu(0), gpu(1)], a=2)", {"ctx": "[gpu(0), gpu(1)]", "a": 2}),
        ("Namespace(f=<function f at 0x7f, x>, a=2)", {"f": "<function f at 0x7f, x>", "a": 2}),
        ("Namespace(net=SSD(\n), a=2)", {"a": 2}),
        (
            "Namespace(a=__import__('os').system('false'), b=1)",
            {"a": "__import__('os').system('false')", "b": 1},
        ),
        ("Namespace(a=1, a=2)", {"a": 2}),
        ("Namespace(a=1 b=2)", {}),
        ("Namespace(t=(1, 2), e=())", {"t": (1, 2), "e": ()}),
        ("Namespace(p='C:\\data', b=1)", {"b": 1}),
        ("Namespace(p=PosixPath('/x, y=3'), b=1)", {"p": "PosixPath('/x, y=3')", "b": 1}),
    ],
)
def test_odd_arguments(text, values):
    """What cannot be read is text or absent; it never spoils what stands beside it."""
    parsed = parse_namespace(text)
    assert {name: parsed.get(name) for name in values} == values


@pytest.mark.parametrize(
    "value",
    [
        "[" * 100_000,
        "[" * 5000 + "]" * 5000,
        "(" * 19 + ")" * 19,
        "-" * 9000 + "1",
        "1" + "+1" * 4000,
        "~" * 9000 + "1",
        "not " * 2000 + "1",
        "x" + ".y" * 4000,
        "{" * 90 + "}" * 90,
        "9" * 9000,
        "9" * 1_000_000,
        "'" + "\\" * 9001,
        "lambda: " * 1000 + "1",
        "f(" * 15 + ")" * 15,
        "1 if " * 500 + "1",
    ],
    ids=lambda value: value[:8],
)
def test_deep_and_long_values_stay_text(value):
    """`ast` raises RecursionError, MemoryError or worse on these; none of it may come through."""
    parsed = parse_namespace(f"Namespace(a={value}, b=1)")
    assert isinstance(parsed.get("a", ""), str | tuple)


@given(st.text() | st.text("Namespace(a=,)[]{}<>'\"\\ \n1.-"))
@example("a='\\d'")
@example("a=1if 1else 2")
@example("a=0x1for")
@example("a='\\N{x}'")
@example("a=b'\\xff', c='\\ud800'")
@example("a={**b}, c={1: 2, []: 3}")
@example("a={[]}")
@example("**a")
@example("*a, b=1")
@example("a:=1")
@example("a=1\0")
def test_any_text_gives_arguments(text):
    """Nothing but values that can be kept: no exception, no warning."""
    parsed = parse_namespace(f"Namespace({text})")
    assert all(isinstance(name, str) for name in parsed)
    assert pickle.loads(pickle.dumps(parsed)).keys() == parsed.keys()


def test_a_float_is_read_to_its_last_bit():
    assert parse_namespace("Namespace(lr=0.1, wd=5e-324)") == {"lr": 0.1, "wd": math.ulp(0)}


@pytest.mark.parametrize("text", ["'\\d'", "0x1for 2", "1if 1else 2"])
def test_no_warning_of_the_parser_comes_through(text):
    """A user sees warnings of convlens, not of Python's parser about the text of a log."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        assert parse_namespace(f"Namespace(a={text}, b=[1, 2])")["b"] == [1, 2]
    assert not seen
