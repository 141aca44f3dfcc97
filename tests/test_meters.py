"""What printed values average over, and the epochs' own means."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convlens.meters import Meter, Prints, boundaries, own_means
from tests.handmade import arguments, codes, read, start
from tests.simulate import INTERVAL, REST, SSD, YOLO, falling, simulate

BATCHES = 5 * INTERVAL + REST


def prints(printed, begin=0, first=0, batches=1.0, part=None, error=0.0):
    """One column whose closing line (or a line after `part` batches of an epoch) was printed each epoch."""
    n = len(printed)
    end = np.array(printed, dtype=float).reshape(n, 1)
    covers = np.full((n, 1), batches if part is None else part)
    return Prints(
        epoch=np.arange(first, first + n),
        start=begin,
        end=end,
        end_batches=covers,
        first=end,
        first_batches=np.full(n, batches),
        batches=batches,
        batches_error=error,
    )


def undo(given_prints, half=0.0005, since_start=True):
    own, width = own_means(given_prints, np.array([half]), np.array([since_start]))
    return own[:, 0], width[:, 0]


@given(st.lists(st.floats(0.001, 1000), min_size=1, max_size=300), st.integers(0, 6))
def test_undone_means_are_those_that_were_averaged(truth, digits):
    """Within the resolution, which is what rounding can do; and printed again they give the log's digits."""
    cumulative = np.cumsum(truth) / np.arange(1, len(truth) + 1)
    printed = [round(mean, digits) for mean in cumulative.tolist()]
    half = 0.5 * 10.0**-digits
    own, width = undo(prints(printed), half)
    n = np.arange(1, len(truth) + 1)
    assert np.all(np.abs(own - truth) <= width * (1 + 1e-9) + 1e-9 * np.abs(truth) * n)
    assert width == pytest.approx(half * (2 * n - 1))
    again = np.cumsum(own) / n
    assert again == pytest.approx(np.array(printed), abs=1e-9 * max(printed) + 1e-12)


def test_the_formula_on_paper():
    """Means 10, 8, 7 of one, two, three epochs: the epochs stood at 10, 6 and 5."""
    own, width = undo(prints([10.0, 8.0, 7.0]))
    assert own.tolist() == [10.0, 6.0, 5.0]
    assert width.tolist() == pytest.approx([0.0005, 0.0015, 0.0025])


def test_a_resumed_process_counts_from_its_own_start():
    own, width = undo(prints([10.0, 8.0], begin=250, first=250))
    assert own.tolist() == [10.0, 6.0]
    assert width.tolist() == pytest.approx([0.0005, 0.0015])


def test_the_first_epoch_of_a_log_that_lost_its_head_is_unknown():
    """Ten epochs before were not printed; from the next one on all is known again."""
    own, width = undo(prints([10.0, 9.5], begin=0, first=10))
    assert np.isnan([own[0], width[0]]).all()
    assert own[1] == pytest.approx(12 * 9.5 - 11 * 10)


def test_epochs_that_are_missing_share_a_mean():
    whole = prints([10.0, 8.0, 7.0, 6.5])
    gap = Prints(**{**vars(whole.part(np.array([0, 3]), 0))})
    own, width = undo(gap)
    assert own[1] == pytest.approx((4 * 6.5 - 10) / 3)
    assert width[1] == pytest.approx(0.0005 * 5 / 3)


def test_what_is_reset_stays_as_printed():
    own, width = undo(prints([10.0, 8.0, 7.0]), since_start=False)
    assert own.tolist() == [10.0, 8.0, 7.0]
    assert width.tolist() == [0.0005] * 3


def test_nothing_is_undone_of_nothing():
    own, width = undo(prints([np.nan, 8.0]))
    assert np.isnan(own).all()
    assert np.isnan(width).all()


@given(
    st.lists(st.floats(0.1, 10), min_size=2, max_size=40),
    st.integers(0, INTERVAL - 1),
)
def test_lines_before_the_end_of_an_epoch(levels, behind):
    """Columns on batch lines only: what is not printed is at most one interval, and the width says so."""
    part = 5 * INTERVAL
    truth = np.repeat(levels, part + behind)
    at = [part + n * (part + behind) for n in range(len(levels))]
    printed = [truth[:n].mean() for n in at]
    middle = (INTERVAL - 1) / 2
    own, width = undo(prints(printed, batches=part + middle, part=part, error=middle), half=0.0)
    since_last_line = [truth[a:b].mean() for a, b in zip([0, *at], at, strict=False)]
    assert np.all(np.abs(own - since_last_line) <= width + 1e-9)


LEVELS = falling(30, drop=20)


@pytest.mark.parametrize("seed", range(3))
def test_a_simulated_yolo_is_undone(seed):
    """The truth lies within the resolution of the curve, and the drop of the rate shows again."""
    made = simulate(YOLO, LEVELS, reset=(), seed=seed)
    run = read(start(), made.lines)
    assert {c.name: c.meter for c in run.columns if c.name in YOLO} == dict.fromkeys(YOLO, Meter.START)
    for epoch, truth in made.truth.items():
        for name, value in truth.items():
            assert run.curve.loc[epoch, name] == pytest.approx(
                value, abs=run.resolution.loc[epoch, name] + 1e-9
            )
    assert run.curve.loc[20, "loss"] < 0.87 * run.curve.loc[19, "loss"]
    printed = run.epochs.loc[0, list(YOLO)].sum(axis=1)
    assert printed[20] > 0.95 * printed[19]
    assert "CL005" in codes(run)
    assert "CL006" not in codes(run)


def test_a_yolo_that_is_reset_after_all():
    """The family says since start; the log refutes it and is believed."""
    made = simulate(YOLO, LEVELS, reset=range(30))
    run = read(start(), made.lines)
    assert all(c.meter is Meter.EPOCH for c in run.columns)
    assert codes(run).count("CL006") == len(YOLO)
    assert "CL005" not in codes(run)
    printed = run.epochs.loc[0, list(YOLO)]
    assert run.curve[list(YOLO)].to_numpy().tolist() == printed.to_numpy().tolist()


def test_an_ssd_that_is_never_reset():
    """The family says reset; the log shows one mean running on and is believed."""
    made = simulate(SSD, LEVELS, reset=())
    run = read(start(), made.lines)
    assert all(c.meter is Meter.START for c in run.columns if c.name in SSD)
    assert codes(run).count("CL006") == len(SSD)
    for epoch, truth in made.truth.items():
        assert run.curve.loc[epoch, "CrossEntropy"] == pytest.approx(
            truth["CrossEntropy"], abs=run.resolution.loc[epoch, "CrossEntropy"] + 1e-9
        )


@pytest.mark.parametrize("boundaries", [1, 2, 3, 4])
def test_few_boundaries_do_not_contradict_the_family(boundaries):
    made = simulate(SSD, falling(boundaries + 1), reset=())
    assert "CL006" not in codes(read(start(), made.lines))
    made = simulate(YOLO, falling(boundaries + 1), reset=())
    assert "CL006" not in codes(read(start(), made.lines))


@pytest.mark.parametrize("boundaries", [2, 3, 4, 5])
def test_a_short_yolo_that_is_reset_is_read_as_printed(boundaries):
    """Be it as reset meters or as a process for each epoch: the values are those of the epochs."""
    made = simulate(YOLO, falling(boundaries + 1), reset=range(99))
    run = read(start(), made.lines)
    for epoch, truth in made.truth.items():
        assert run.curve.loc[epoch, "ObjLoss"] == pytest.approx(truth["ObjLoss"], abs=0.000501)


@pytest.mark.parametrize("noise", [0.0, 0.0001, 0.003])
@pytest.mark.parametrize("lines", [1, 2, 5, 10])
@pytest.mark.parametrize(
    "levels",
    [
        falling(40),
        [5 - 0.1 * n for n in range(40)],
        [5 - 0.01 * n for n in range(40)],
        [5.0] * 40,
        falling(8),
    ],
    ids=["power", "line", "slow", "constant", "short"],
)
def test_a_smooth_curve_is_no_proof_that_a_meter_ran_on(noise, lines, levels):
    """Small and noiseless logs, as of toys and tests: the family's word stands, values stay as printed."""
    made = simulate(SSD, levels, reset=range(40), noise=noise, lines=lines)
    run = read(start(), made.lines)
    assert all(c.meter is Meter.EPOCH for c in run.columns)
    for epoch, truth in made.truth.items():
        assert run.curve.loc[epoch, "CrossEntropy"] == pytest.approx(truth["CrossEntropy"], abs=0.000501)


@pytest.mark.parametrize("restarts", [(10,), (8, 16, 24)])
def test_meters_that_restart_in_silence(restarts):
    """No start line, no step back: only the since-start columns show that the process was restarted."""
    made = simulate(YOLO, LEVELS, reset=restarts)
    run = read(start(), made.lines)
    assert [int(s.epoch[0]) for s in run.sessions] == [0, *restarts]
    assert [s.start for s in run.sessions] == [0, *restarts]
    assert codes(run).count("CL004") == len(restarts)
    assert run.curve.index.tolist() == list(range(30))
    for epoch, truth in made.truth.items():
        for name, value in truth.items():
            assert run.curve.loc[epoch, name] == pytest.approx(
                value, abs=run.resolution.loc[epoch, name] + 1e-9
            )


def test_an_explosion_is_no_restart():
    """The values jump by more than any mean could, and stay there: the loss itself exploded."""
    levels = [*falling(20), *[300.0] * 5]
    made = simulate(YOLO, levels, reset=())
    run = read(start(), made.lines)
    assert len(run.sessions) == 1
    assert run.curve.loc[20, "ObjLoss"] == pytest.approx(300, rel=0.1)


def test_a_start_line_behind_the_first_epoch_counts_for_nothing():
    """A start line that names a later epoch than the lines behind it cannot say where the meters began."""
    made = simulate(YOLO, falling(12), reset=())
    run = read(start(5), made.lines)
    assert run.curve.loc[6, "ObjLoss"] == pytest.approx(made.truth[6]["ObjLoss"], abs=0.1)


def test_the_head_of_the_log_is_lost():
    """Without its start line an epoch 10 at the top is the eleventh: the arguments' start epoch counts."""
    made = simulate(YOLO, LEVELS, reset=())
    tail = [line for line in made.lines if int(line.split("]")[0][7:]) >= 10]
    run = read(tail)
    assert np.isnan(run.curve.loc[10, "ObjLoss"])
    assert run.curve.loc[11, "ObjLoss"] == pytest.approx(made.truth[11]["ObjLoss"], abs=0.05)
    late = read(arguments(start_epoch=10, epochs=30), tail)
    assert late.curve.loc[10, "ObjLoss"] == late.epochs.loc[(0, 10), "ObjLoss"]


def boundary(before, after, need, batches=100.0, fraction=False, rest=None):
    """The boundary behind ten epochs, where the first tenth of the next one would need the mean `need`."""
    done = 10 * batches
    assert after == pytest.approx((before * done + need * batches / 10) / (done + batches / 10))
    end = after if rest is None else (after * (done + batches / 10) + rest * 0.9 * batches) / (done + batches)
    two = Prints(
        epoch=np.array([9, 10]),
        start=0,
        end=np.array([[before], [end]]),
        end_batches=np.full((2, 1), batches),
        first=np.array([[before], [after]]),
        first_batches=np.full(2, batches / 10),
        batches=batches,
    )
    return boundaries(two, np.array([1e-6]), np.array([fraction]))


@pytest.mark.parametrize(
    ("need", "fraction", "impossible"),
    [
        (0.5, False, False),
        (0.0, False, False),
        (-0.1, False, True),
        (1.4, False, False),
        (1.6, False, True),
        (0.9, True, False),
        (1.1, True, True),
    ],
)
def test_what_no_batches_can_have_had(need, fraction, impossible):
    """Less than nothing, more than all of an accuracy, more than three times what is printed (here 0.5)."""
    after = (0.5 * 1000 + need * 10) / 1010
    test = boundary(0.5, after, need, fraction=fraction)
    assert test.known.all()
    assert test.impossible.tolist() == [[impossible]]


@pytest.mark.parametrize(("rest", "exploding"), [(60.0, True), (25.0, True), (0.5, False), (-5.0, False)])
def test_an_explosion_goes_on_behind_the_boundary(rest, exploding):
    after = (0.5 * 1000 + 60 * 10) / 1010
    test = boundary(0.5, after, 60.0, rest=rest)
    assert test.impossible.all()
    assert test.exploding.tolist() == [[exploding]]


def test_one_column_that_jumps_is_no_restart():
    """A process that was restarted restarts all its meters."""
    one, other = (simulate(YOLO, LEVELS, reset=reset) for reset in ((), (10,)))
    lines = [
        left[: left.index("BoxCenterLoss")] + right[right.index("BoxCenterLoss") :]
        for left, right in zip(one.lines, other.lines, strict=True)
    ]
    assert len(read(start(), other.lines).sessions) == 2
    assert len(read(start(), lines).sessions) == 1
