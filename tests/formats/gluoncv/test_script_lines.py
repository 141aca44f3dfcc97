"""The kinds of lines of all scripts but the detectors': read and written by one declaration, and counted."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convlens.formats.gluoncv import action_recognition, classification, depth, pose, segmentation
from convlens.formats.gluoncv.script import Kind, Says
from convlens.formats.gluoncv.script_lines import find_lines
from convlens.formats.lines import Bar, Line, read_pairs
from convlens.formats.text import Text

SCRIPTS = [m.SCRIPT for m in (action_recognition, classification, depth, pose, segmentation)]
KINDS = {kind.line.template: kind.line for script in SCRIPTS for kind in script.kinds}
FIELDS = re.compile(r"\{(\w+):?([^}]*)\}")

numbers = st.floats(allow_nan=True, allow_infinity=True)
pairs = st.dictionaries(st.from_regex(r"[a-z][a-z0-9_-]{0,12}", fullmatch=True), numbers, min_size=1)


def find(text: str, *kinds: Kind):
    return find_lines(Text(text.encode()), kinds)


def batches(text: str) -> list[tuple[int, int]]:
    kinds = (Kind(Says.BATCH, segmentation.ITERATION), Kind(Says.BATCH, segmentation.BAR))
    return [(int(r.fields["epoch"]), int(r.fields["step"])) for r in find(text, *kinds).records]


@given(st.data())
@pytest.mark.parametrize("template", KINDS)
def test_what_is_written_is_read_back(template, data):
    """Every field of every kind, NaN and infinity too, behind any prefix, whatever blanks stand between."""
    kind, record = KINDS[template], {}
    for name, spec in FIELDS.findall(template):
        if name == "values":
            told = data.draw(pairs)
            record[name] = "\t".join(f"{key}={value:f}" for key, value in told.items())
        else:
            record[name] = data.draw(st.integers(0, 10**6) if spec.endswith("d") else numbers)
    if isinstance(kind, Bar):
        record |= {"total": data.draw(st.integers(1, 10**6))}
        record |= {"step": data.draw(st.integers(0, record["total"]))}
    line = kind.format(**record)
    spaced = line.replace("\t", "  \t")
    for text in (line, f"INFO:root:{line}\nnext", f"first\n{spaced} \n"):
        match = kind.pattern.search(text.encode())
        assert match is not None
        fields = match.groupdict()
        assert fields.keys() == record.keys()
        for name, spec in FIELDS.findall(template):
            shown = fields[name].decode()
            if name == "values":
                read = read_pairs([shown.encode()])
                assert read.names == tuple(told)
                assert list(map(str, read.values[0])) == [str(float(f"{v:f}")) for v in told.values()]
            elif spec.endswith("d"):
                assert int(shown) == record[name]
            else:
                assert str(float(shown)) == str(float(format(record[name], spec)))


def test_a_bar_is_whole_once_its_bracket_closes():
    """Messages follow on its line; before the bracket closes it tells nothing."""
    bar = segmentation.BAR.format(epoch=3, loss=0.25, step=7, total=9)
    assert bar == "Epoch 3, training loss 0.250:  77%|███████   | 7/9 [00:10<00:00,  1.00it/s]"
    assert batches(f"{bar}[12:00:00] some/file.cc:107: Running") == [(3, 7)]
    for end in range(len(bar)):
        assert batches(bar[:end]) == []


def test_a_message_behind_a_bar_is_read_too():
    bar = segmentation.BAR.format(epoch=3, loss=0.25, step=20, total=90)
    message = segmentation.ITERATION.format(epoch=3, loss=0.25, step=21, total=90)
    found = batches(f"{bar}{message}\n")
    assert found == [(3, 20), (3, 21)]


def test_every_line_that_names_an_epoch_is_accounted_for():
    lines = [
        "Epoch 0 iteration 0020/0187: training loss 7.274",
        "Total Epochs: 12",
        "Namespace(start_epoch=0, num_epochs=12)",
        "Epoch 0 warmed up",
        "[Epoch 1] Epoch 1 iteration 0020/0187: training loss 7.274",
        "Epoch 2 iteration 0020/0187: training loss",
        "epochs: 3",
    ]
    found = find("\n".join(lines) + "\n", Kind(Says.BATCH, segmentation.ITERATION))
    assert (found.naming + 1).tolist() == [1, 4, 5, 6]
    assert found.not_understood == {4, 5, 6}
    assert [r.line for r in found.records] == [1, 5]
    assert found.cut is None


@pytest.mark.parametrize(
    ("last", "read", "cut"),
    [
        ("Epoch 0 iteration 0040/0187: training loss 6.591\n", 2, False),
        ("Epoch 0 iteration 0040/0187: training loss 6.591", 2, False),  # as whole as those before
        ("Epoch 0 iteration 0040/0187: training loss 6.59", 1, True),
        ("Epoch 0 iteration 0040/0187: training loss 6", 1, True),
        ("Epoch 0 iteration 0040/01", 1, True),
        ("Epoch 0", 1, True),
        ("Epo", 1, False),
    ],
)
def test_the_last_line_may_be_cut(last, read, cut):
    first = "Epoch 0 iteration 0020/0187: training loss 7.274\n"
    found = find(first + last, Kind(Says.BATCH, segmentation.ITERATION))
    assert len(found.records) == read
    assert (found.cut is not None) == cut
    assert not found.not_understood


def test_of_many_processes_the_first_one_counts():
    kinds = (Kind(Says.SCORE, classification.HOROVOD_VALIDATION),)
    lines = [f"Epoch[4] Rank[{rank}]\tValidation-accuracy=0.{rank}50000" for rank in (3, 1, 2)]
    found = find("\n".join(lines) + "\n", *kinds)
    assert [r.fields["values"] for r in found.records] == [b"Validation-accuracy=0.150000"]
    assert len(found.naming) == 3
    assert not found.not_understood


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.task)
@given(text=st.text(alphabet="Epoch [](){}:=|%0123456789.-ainf\t\r\ntrlsvdgb,/"))
def test_any_text_is_read(script, text):
    found = find_lines(Text(text.encode()), script.kinds)
    assert found.not_understood <= set((found.naming + 1).tolist())


def test_kinds_are_declared_once():
    """Two declarations of one form would be two places to correct."""
    forms = [FIELDS.sub("{}", line.template) + type(line).__name__ for line in KINDS.values()]
    assert len(set(forms)) == len(forms)
    assert all(isinstance(line, Line) for line in KINDS.values())


def test_nan_is_a_number():
    read = find("Epoch 11 iteration 0120/0187: training loss nan\n", Kind(Says.BATCH, segmentation.ITERATION))
    assert math.isnan(float(read.records[0].fields["loss"]))


@pytest.mark.parametrize(
    "text",
    [
        "[Epoch 1] training: " * 50_000,
        "Epoch[1]\tSpeed: 1 samples/sec " * 30_000,
        "Epoch 1, training loss 0.5: 10%|" * 30_000,
        f"[Epoch 1] training:{' ' * 1_000_000}x",
        f"[Epoch 0] train={'9' * 900_000} val=1",
    ],
    ids=lambda text: text[:30],
)
def test_a_hostile_line_takes_no_time(text):
    """Quadratic in its length would be hours."""
    for script in SCRIPTS:
        found = find_lines(Text(text.encode()), script.kinds)
        assert len(found.naming) == 1
