"""The scalars of event files, against those that the tensorboard package reads and writes."""

import io
import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convlens.formats.tfrecord import is_event_file, read_scalars
from tests.formats.made import LOGS
from tests.formats.made.events import event, event_file, field, record
from tests.others import content, figures, paths

pytest.importorskip("tensorboard", reason="the tensorboard package is what event files are checked against")
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter
from tensorboard.util.tensor_util import make_ndarray, make_tensor_proto

singles = st.floats(width=32)
scalars = st.lists(
    st.tuples(
        st.integers(0, 2**63 - 1),
        st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), singles, max_size=4),
    ),
    max_size=6,
)


def written(events, tensors):
    """What the package's own writer makes of steps and scalars."""
    file = io.BytesIO()
    writer = RecordWriter(file)
    writer.write(Event(wall_time=1.0, file_version="brain.Event:2").SerializeToString())
    for step, values in events:
        told = [
            Summary.Value(tag=tag, tensor=make_tensor_proto(np.float32(value)))
            if tensors
            else Summary.Value(tag=tag, simple_value=value)
            for tag, value in values.items()
        ]
        writer.write(Event(wall_time=2.0, step=step, summary=Summary(value=told)).SerializeToString())
    return file.getvalue()


def accumulated(path):
    """All scalars that the package reads: (tag, step, value) by tag, in the order of the file."""
    accumulator = EventAccumulator(str(path), size_guidance={"scalars": 0, "tensors": 0})
    accumulator.Reload()
    found = [
        (tag, e.step, e.value) for tag in accumulator.Tags()["scalars"] for e in accumulator.Scalars(tag)
    ]
    for tag in accumulator.Tags()["tensors"]:
        tensors = [(e.step, make_ndarray(e.tensor_proto)) for e in accumulator.Tensors(tag)]
        found += [(tag, step, float(value)) for step, value in tensors if value.shape == ()]
    return sorted(found, key=lambda told: told[:2])


def read(data):
    found, findings = read_scalars(data)
    assert not findings
    return sorted(((s.tag, s.step, s.value) for s in found), key=lambda told: told[:2])


def single(value):
    return struct.pack("<f", value) if math.isfinite(value) else repr(float(value))


def same(left, right):
    assert [told[:2] for told in left] == [told[:2] for told in right]
    assert [single(told[2]) for told in left] == [single(told[2]) for told in right]


@given(scalars, st.booleans())
def test_what_tensorboard_writes(events, tensors):
    data = written(events, tensors)
    assert is_event_file(data[:64])
    expected = [(tag, step, value) for step, values in events for tag, value in values.items()]
    same(read(data), sorted(expected, key=lambda told: told[:2]))


@pytest.mark.parametrize("name", [name for name in LOGS if "tensorboard" in name])
def test_the_made_files_are_event_files(name, tmp_path):
    path = tmp_path / "events.out.tfevents.1.host"
    path.write_bytes(LOGS[name])
    same(read(LOGS[name]), accumulated(path))


def test_real_files_against_tensorboard(corpus):
    for path in paths(corpus, "tfevents"):
        same(read(content(corpus, path)), accumulated(corpus / "other" / path))


def test_real_files_hold_their_last_values(corpus):
    for path in paths(corpus, "tfevents"):
        last = {s.tag: s.value for s in read_scalars(content(corpus, path))[0]}
        for tag, value in figures(corpus)[path].get("final_losses", {}).items():
            assert struct.pack("<f", last[tag]) == struct.pack("<f", value)


def test_a_double_and_what_is_no_scalar():
    double = field(1, b"d") + field(8, field(1, 2) + field(4, struct.pack("<d", 0.1)))
    listed = field(1, b"f") + field(8, field(1, 1) + field(5, struct.pack("<f", 0.1)))
    whole = field(1, b"i") + field(8, field(1, 3) + field(7, b"\x05"))
    vector = field(1, b"v") + field(8, field(1, 1) + field(4, struct.pack("<2f", 0.1, 0.2)))
    data = event_file([]) + event(7, double, listed, whole, vector)
    assert read(data) == [("d", 7, 0.1), ("f", 7, 0.1)]


@given(st.data())
def test_a_part_holds_the_first_scalars(data):
    log = LOGS["tensorboard"]
    at = data.draw(st.integers(0, len(log)))
    whole, part = read_scalars(log)[0], read_scalars(log[:at])
    assert part[0] == whole[: len(part[0])]
    assert len(part[1]) <= 1


def test_a_record_that_ends_early_is_told():
    log = event_file([(0, {"a": 1.0}), (1, {"a": 0.5})])
    found, (finding,) = read_scalars(log[:-6])
    assert [s.step for s in found] == [0]
    assert (finding.code, finding.where) == ("CL017", "record 3")
    assert "ends inside a record" in finding.text


def test_lengths_and_messages_that_lie():
    """A length whose checksum is right claims more than there is; a field claims more than its message."""
    long = bytearray(record(bytes(8)))
    long[:8] = struct.pack("<Q", 1 << 62)
    wrong = event_file([(0, {"a": 1.0})]) + bytes(long)
    assert "is broken" in read_scalars(wrong)[1][0].text
    lying = (
        event_file([(0, {"a": 1.0})]) + record(b"\x2a\xff\xff\x7f") + event(3, field(1, b"a") + field(2, 2.0))
    )
    found, (finding,) = read_scalars(lying)
    assert [s.step for s in found] == [0, 3]
    assert finding.text == "1 records of the event file are broken"


@given(st.binary(max_size=100))
def test_any_message(message):
    found, findings = read_scalars(
        event_file([]) + record(message) + event(3, field(1, b"a") + field(2, 2.0))
    )
    assert found[-1][1:] == (3, "a", 2.0)
    assert {f.code for f in findings} <= {"CL014"}
