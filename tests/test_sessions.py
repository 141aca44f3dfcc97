"""Processes in one file, and the curve that is stitched from them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convlens.run import Part
from tests.handmade import arguments, batch, codes, epoch, epochs, log, read, start, voc

RUN, SUPERSEDED, PHASE, ABORTED = Part.RUN, Part.SUPERSEDED, Part.PHASE, Part.ABORTED


def spans(run):
    return [(int(s.epoch[0]), int(s.epoch[-1])) for s in run.sessions]


def parts(run):
    return [s.part for s in run.sessions]


def sources(run):
    """Epoch -> the session that it is taken from."""
    return {int(run.sessions[s].epoch[r]): int(s) for s, r in run.curve_rows.tolist()}


def finding(run, code):
    [found] = [f for f in run.findings if f.code == code]
    return found


def test_one_process():
    run = read(start(), epochs(0, 4))
    assert (spans(run), parts(run)) == ([(0, 4)], [RUN])
    assert run.curve.index.tolist() == [0, 1, 2, 3, 4]
    assert run.summary.epochs == 5
    assert codes(run) == []


def test_three_attempts_from_the_beginning():
    """The last one counts from its first epoch on, though the second came further."""
    run = read(start(), epochs(0, 1), start(), epochs(0, 6), start(), epochs(0, 3, level=4.0))
    assert (spans(run), parts(run)) == ([(0, 1), (0, 6), (0, 3)], [SUPERSEDED, SUPERSEDED, RUN])
    assert sources(run) == dict.fromkeys(range(4), 2)
    assert run.curve.loc[0, "CrossEntropy"] == 4.0
    text = finding(run, "CL002").text
    assert "epoch 0" in text
    assert "session 0" in text
    assert "session 1" in text


def test_three_attempts_of_which_the_first_completed_nothing():
    run = read(start(), batch(0, 99, 6.0), start(), batch(0, 99, 6.0), start(), epochs(0, 2))
    assert parts(run) == [SUPERSEDED, SUPERSEDED, RUN]
    assert sources(run) == dict.fromkeys(range(3), 2)


def test_the_newest_attempt_counts_where_none_completed_anything():
    run = read(start(), batch(0, 99, 6.0), start(), batch(0, 99, 5.0), batch(0, 199, 4.0))
    assert sources(run) == {0: 1}
    assert run.summary.epochs == 0
    assert run.curve.loc[0, "CrossEntropy"] == 4.0


def test_an_aborted_restart_behind_a_complete_run():
    """Someone started the script again by mistake: what completed nothing replaces nothing."""
    run = read(start(), epochs(0, 4), start(), batch(0, 99, 9.0), batch(0, 199, 8.0))
    assert (spans(run), parts(run)) == ([(0, 4), (0, 0)], [RUN, ABORTED])
    assert sources(run) == dict.fromkeys(range(5), 0)
    assert "completes nothing" in finding(run, "CL002").text
    assert finding(run, "CL002").where == f"line {run.sessions[1].line}"


def test_a_start_line_alone_opens_nothing():
    """A crashed attempt that printed its start line and died."""
    run = read(start(), start(), epochs(0, 2), start())
    assert spans(run) == [(0, 2)]
    assert codes(run) == []


def test_four_workers_print_four_start_lines():
    run = read([start()] * 4, epochs(0, 3))
    assert spans(run) == [(0, 3)]


def test_a_worker_prints_its_start_line_late():
    """In the middle of an epoch that simply goes on."""
    first = epoch(0, 5.0)
    run = read(start(), first[0], start(), start(), first[1:], epochs(1, 3))
    assert spans(run) == [(0, 3)]
    assert run.curve.loc[0, "CrossEntropy"] == 5.0
    assert codes(run) == []


@pytest.mark.parametrize("told", [True, False])
def test_a_process_resumes(told):
    """With or without a start line: each epoch from the last process that holds it."""
    again = [start(3)] if told else []
    run = read(start(), epochs(0, 5), batch(6, 99, 4.0), again, epochs(3, 8, level=4.5))
    assert (spans(run), parts(run)) == ([(0, 6), (3, 8)], [RUN, RUN])
    assert sources(run) == dict.fromkeys(range(3), 0) | dict.fromkeys(range(3, 9), 1)
    assert run.summary.epochs == 9
    assert run.curve.loc[3, "CrossEntropy"] == pytest.approx(4.5 - 0.3 + 0.4)
    text = finding(run, "CL001").text
    assert "resumes at epoch 3" in text
    assert "3-6" in text


def test_a_process_resumes_where_the_other_ended():
    run = read(start(), epochs(0, 2), start(3), epochs(3, 5))
    assert sources(run) == dict.fromkeys(range(3), 0) | dict.fromkeys(range(3, 6), 1)
    assert "superseded" not in finding(run, "CL001").text


def test_a_resumed_process_dies_before_it_reaches_what_was():
    """Of an epoch that was completed once, an unfinished repetition is not taken."""
    run = read(start(), epochs(0, 5), start(3), epochs(3, 3, level=4.5), batch(4, 99, 9.0))
    assert sources(run) == {0: 0, 1: 0, 2: 0, 3: 1, 4: 0, 5: 0}
    assert run.summary.epochs == 6
    text = finding(run, "CL001").text
    assert "supersedes epoch 3 of the earlier process" in text
    assert "never completes epochs 4-5" in text


def test_resumed_twice():
    run = read(start(), epochs(0, 3), start(2), epochs(2, 5), start(4), epochs(4, 6))
    assert sources(run) == {0: 0, 1: 0, 2: 1, 3: 1, 4: 2, 5: 2, 6: 2}
    assert codes(run).count("CL001") == 2


def test_a_resumed_attempt_is_started_over():
    run = read(start(), epochs(0, 3), start(2), epochs(2, 5), start(), epochs(0, 1))
    assert parts(run) == [SUPERSEDED, SUPERSEDED, RUN]
    assert run.curve.index.tolist() == [0, 1]


def test_a_shorter_session_without_a_start_line_is_another_phase():
    run = read(start(1), epochs(1, 9), epochs(1, 3, level=2.0))
    assert (spans(run), parts(run)) == ([(1, 9), (1, 3)], [RUN, PHASE])
    assert sources(run) == dict.fromkeys(range(1, 10), 0)
    assert "1-3" in finding(run, "CL003").text
    assert finding(run, "CL003").where == f"line {run.sessions[1].line}"
    assert run.session_curve(1)["CrossEntropy"].tolist() == pytest.approx([2.3, 1.8, 2.1])


def test_a_session_without_a_start_line_that_goes_as_far_starts_over():
    run = read(start(), epochs(0, 3), epochs(0, 3, level=4.0))
    assert parts(run) == [SUPERSEDED, RUN]


def test_epochs_between_two_processes_are_missing():
    run = read(start(), epochs(0, 2), start(6), epochs(6, 7))
    assert run.curve.index.tolist() == [0, 1, 2, 6, 7]
    assert "3-5" in finding(run, "CL012").text


def test_arguments_that_changed_are_told():
    run = read(
        arguments(lr=0.1, resume=""),
        start(),
        epochs(0, 2),
        arguments(lr=0.01, resume="x"),
        start(2),
        epochs(2, 3),
    )
    assert run.config["lr"] == 0.01
    assert "lr 0.1 -> 0.01" in finding(run, "CL001").text
    assert "resume" not in finding(run, "CL001").text.replace("resumes", "")


def test_the_arguments_are_those_of_the_process_that_counts():
    run = read(arguments(lr=0.1), start(), epochs(0, 3), arguments(lr=0.5), start(), batch(0, 99, 9.0))
    assert run.config == {"lr": 0.1}


def test_class_aps_and_batches_go_with_their_session():
    """Where meters restart in silence too: the cut is behind the validation of the epoch before."""
    from tests.simulate import YOLO, falling, simulate

    made = simulate(YOLO, falling(20), reset=(10,))
    lines = []
    for line in made.lines:
        number = int(line.split("]")[0][7:])
        lines += [line, voc(number, 0.5)] if "cost" in line else [line]
    run = read(start(), lines)
    assert spans(run) == [(0, 9), (10, 19)]
    from convlens.formats.gluoncv import detection
    from convlens.late import LogOnDisk

    late = LogOnDisk(
        detection.FORMAT, "-", (0, 0), log(start(), lines).encode(), tuple(s.line for s in run.sessions)
    )
    pairs = set(late.class_ap().index.droplevel("class_name"))
    assert pairs == set(run.validation.index) == {(int(n >= 10), n) for n in range(20)}
    assert set(late.batches().index.droplevel("batch")) == pairs


def test_a_log_that_is_written_twice_line_by_line():
    """Two handlers of one logger: every message stands there twice, validations too."""
    once = [start(), *epochs(0, 3), voc(3, 0.5)]
    run, twice = read(once), read(line for line in once for _ in range(2))
    assert spans(twice) == spans(run)
    assert twice.curve.equals(run.curve)
    assert twice.validation.equals(run.validation)
    assert twice.epochs.equals(run.epochs)
    assert codes(twice) == codes(run)


def test_a_log_that_is_appended_to_itself():
    once = [start(), *epochs(0, 3), voc(3, 0.5)]
    run = read(once, once)
    assert sources(run) == dict.fromkeys(range(4), 1)
    assert run.curve.equals(read(once).curve)


session = st.tuples(st.booleans(), st.integers(0, 4), st.integers(0, 5), st.booleans())


@given(st.lists(session, min_size=1, max_size=5))
def test_any_sequence_of_processes_makes_a_curve(sessions):
    """What holds of every log: a curve of ascending epochs, each from a process that printed it."""
    lines = []
    for told, first, length, finished in sessions:
        lines += [start(first)] if told else []
        lines += epochs(first, first + length)
        lines += [] if finished else [batch(first + length + 1, 99, 5.0)]
    run = read(lines)
    assert run.curve.index.is_monotonic_increasing
    assert run.curve.index.is_unique
    assert run.epochs.index.is_unique
    assert all(run.sessions[s].part is RUN for s in sources(run).values())
    assert {e for s in run.sessions for e in s.epoch} >= set(run.curve.index)
    for e, s in sources(run).items():
        completed = [t.index for t in run.sessions if t.part is RUN and t.complete[t.epoch == e].any()]
        assert not completed or s == completed[-1]
    assert run.summary.epochs == int(run.curve["complete"].sum())
    assert np.isfinite(run.curve["loss"]).all()
