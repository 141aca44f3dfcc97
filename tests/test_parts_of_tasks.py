"""Parts of the logs of other tasks say what the whole ones say."""

import random

import numpy as np

from convlens import Run
from convlens.metrics import Role
from tests.task_logs import every_log, path_of, run
from tests.test_prefix import read as read_part


def check_part(part: Run, whole: Run) -> None:
    """Finished epochs and validations are those of the whole log, and nothing else.

    How long the last one took may stand on a line that is still to come.
    """
    means = [k for k, c in enumerate(part.columns) if c.role is not Role.SPEED]
    at = [[c.name for c in whole.columns].index(part.columns[k].name) for k in means]
    for left in part.sessions:
        right = next(session for session in whole.sessions if session.line == left.line)
        done = left.epoch[left.complete].tolist()
        assert done == right.epoch[: len(done)].tolist()
        rows = np.flatnonzero(left.complete)
        assert np.array_equal(left.printed[rows][:, means], right.printed[: len(done)][:, at], equal_nan=True)
        assert np.array_equal(left.own[rows][:, means], right.own[: len(done)][:, at], equal_nan=True)
        assert np.array_equal(left.seconds[rows][:-1], right.seconds[: len(done)][:-1], equal_nan=True)
        assert set(left.seconds[rows][-1:]) <= {*right.seconds[: len(done)][-1:]} or np.isnan(
            left.seconds[rows][-1]
        )
        validated = left.score_epoch.tolist()
        assert validated == right.score_epoch[: len(validated)].tolist()
        names = [whole.score_names.index(name) for name in part.score_names]
        known = right.scores[: len(validated)][:, names].reshape(left.scores.shape)
        assert np.array_equal(left.scores, known, equal_nan=True)


def places(data: bytes, draw: random.Random) -> list[int]:
    """Where to cut: anywhere, inside numbers, and at ends of lines."""
    found = [draw.randrange(len(data)) for _ in range(6)]
    for literal in (b"] validation: ", b"training loss ", b"loss=", b"Validation-", b"%|", b"Speed: "):
        inside = data.find(literal, draw.randrange(len(data)))
        if inside >= 0:
            found += [inside + len(literal) + n for n in (0, 5)]
    line_end = data.find(b"\n", draw.randrange(len(data)))
    return [*found, line_end, line_end + 1]


@every_log
def test_a_part_of_a_log_says_what_the_whole_says(corpus, name):
    path = path_of(corpus, name)
    data, whole = path.read_bytes(), run(path)
    for at in places(data, random.Random(name)):
        part = read_part(data[:at])
        if part is not None:
            check_part(part, whole)
            assert not [f for f in part.findings if f.code in ("CL006", "CL014", "CL019")], at
        else:
            assert at < data.index(b"\n", data.index(b"Epoch", 3000)) + 20_000


@every_log
def test_the_end_of_a_log_cut_byte_by_byte(corpus, name):
    path = path_of(corpus, name)
    lines = path.read_bytes().splitlines(keepends=True)
    short = b"".join([line for line in lines[:3] if b"Namespace" in line] + lines[-60:])
    last = read_part(short)
    assert last is not None
    for cut in range(1, 300, 3):
        part = read_part(short[:-cut])
        assert part is not None
        check_part(part, last)


@every_log
def test_a_log_behind_colours_stamps_and_carriage_returns_is_the_same(corpus, name):
    path = path_of(corpus, name)
    data = path.read_bytes().replace(b"\n", b"\r\n")
    stamped = b"".join(
        b"2020-01-01 00:00:00,123 \x1b[32m" + line + b"\x1b[0m" for line in data.splitlines(True)
    )
    read_again = read_part(stamped)
    assert read_again is not None
    assert read_again.curve.equals(run(path).curve)
