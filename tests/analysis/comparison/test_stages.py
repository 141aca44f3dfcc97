"""Runs aligned by the drops of their learning rates."""

import math

from convlens import compare
from convlens.findings import Code
from convlens.reader import read_bytes
from tests.writing import made_log

LEVELS = {0: 5.0, 1: 3.0, 2: 2.0}  # by how many drops came before


def run(name, drops, epochs, maps=None, planned=None, **arguments):
    """CrossEntropy is LEVELS less 0.01 an epoch, SmoothL1 is 1, the mAP 10 a drop and 0.01 an epoch."""
    stage = [sum(epoch >= d for d in drops) for epoch in range(epochs)]
    losses = [(LEVELS[s] - 0.01 * epoch, 1.0) for epoch, s in enumerate(stage)]
    maps = [10.0 * s + epoch / 100 for epoch, s in enumerate(stage)] if maps is None else maps
    rates = {d: 10.0 ** -(n + 2) for n, d in enumerate(drops) if d < epochs}
    arguments |= {"lr": 0.1, "lr_decay": 0.1, "lr_decay_epoch": ",".join(map(str, drops))}
    text = made_log(losses, maps, rates=rates, epochs=planned or epochs, **arguments)
    return read_bytes(text.encode(), "-", name)


def differences(stage):
    return {d.quantity: d for d in stage.differences}


def test_stages_end_before_each_drop_and_with_the_log():
    told = compare(run("early", (20, 30), 40), run("late", (25, 35), 50, wd=0.1)).stages
    assert [(s.drops, s.ends) for s in told] == [(0, (20, 25)), (1, (30, 35)), (2, (40, 50))]
    first, second, _ = map(differences, told)
    # Epochs 19 and 24 are the last before the drops: 5 - 0.19 and 5 - 0.24, with SmoothL1 1.
    assert (first["loss"].reference, first["loss"].value) == (5.81, 5.76)
    assert (second["loss"].reference, second["loss"].value) == (3.71, 3.66)
    assert math.isclose(second["map"].change, 0.05, abs_tol=1e-9)


def test_a_run_that_was_stopped_is_compared_in_the_stages_that_it_reached():
    comparison = compare(run("whole", (20, 30), 40), run("cut", (20, 30), 27, planned=40))
    # Of the stage that one log ends within, both are looked at after as many epochs.
    assert [(s.ends, s.whole) for s in comparison.stages] == [((20, 20), True), ((27, 27), False)]
    assert differences(comparison.stages[1])["loss"].change == 0
    [finding] = comparison.findings
    assert finding.code == Code.SCHEDULES_APART
    assert finding.text.startswith("cut: the drop at 30 still to come; whole: no drop to come")


def test_runs_of_one_schedule_that_have_ended_have_nothing_apart():
    comparison = compare(run("a", (20, 30), 40), run("b", (25, 35), 40, wd=0.1))
    assert comparison.findings == ()


def test_a_score_of_an_earlier_stage_does_not_stand_for_this_one():
    early = [float(n) if n < 10 else None for n in range(40)]
    told = compare(run("a", (20, 30), 40), run("b", (20, 30), 40, maps=early, wd=0.1)).stages
    first, second, _ = (differences(s)["map"] for s in told)
    assert first.note == ""
    assert (first.reference, first.value) == (0.19, 9.0)
    assert second.note == "not measured in this stage of b"
    assert math.isnan(second.change)


def test_a_rate_that_falls_smoothly_has_no_stages():
    cosine = run("cosine", (), 40, lr_mode="cosine")
    steps = run("steps", (20, 30), 40)
    assert compare(steps, cosine).stages == ()


def test_three_runs_of_which_one_never_dropped():
    told = compare(run("a", (20, 30), 40), run("b", (20,), 40, wd=0.1), run("c", (), 40, wd=0.2)).stages
    assert [s.ends for s in told] == [(20, 20, 40), (30, 40, None)]
