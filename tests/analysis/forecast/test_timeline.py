"""When the rate of a run drops, in epochs done."""

import math

from convlens.analysis.forecast.timeline import timeline_of
from convlens.analysis.schedule.schedule import schedule_of
from tests.handmade import read
from tests.writing import made_log


def losses(*levels):
    """Ten epochs for each level, on a slow power law."""
    return [
        (level * (n + 2) ** -0.1, level * 0.2) for n, level in enumerate(x for x in levels for _ in range(10))
    ]


def timeline(text):
    run = read(text)
    return timeline_of(run, schedule_of(run))


PLAN = {"epochs": 40, "lr": 0.1, "lr_decay": 0.1, "lr_decay_epoch": "10,30"}


def test_drops_that_came_and_are_to_come():
    time = timeline(made_log(losses(5, 4), rates={0: 0.1, 10: 0.01}, **PLAN))
    assert (time.now, time.end, time.drops, time.begins) == (20, 40, (10, 30), (0, 10))
    assert (time.begin(10), time.begin(11)) == (0, 10)
    assert [time.passed(n) for n in (10, 11, 30, 31)] == [0, 1, 1, 2]
    assert time.disturbed == math.inf


def test_epochs_that_are_counted_from_one():
    plan = PLAN | {"lr_decay_epoch": "11,31"}
    time = timeline(made_log(losses(5, 4), first=1, rates={1: 0.1, 11: 0.01}, **plan))
    assert (time.now, time.end, time.drops, time.begins) == (20, 40, (10, 30), (0, 10))


def test_drops_outside_the_run_never_come():
    assert timeline(made_log(losses(5), **PLAN | {"epochs": 20})).drops == (10,)


def test_drops_by_another_factor_than_a_tenth_are_unlike_those_that_were_learnt_from():
    time = timeline(made_log(losses(5), **PLAN | {"lr_decay": 0.5}))
    assert time.unlike
    assert time.drops == ()
    assert not timeline(made_log(losses(5), **PLAN)).unlike


def test_without_arguments_nothing_is_known_of_the_end():
    time = timeline(made_log(losses(5), lr=None))
    assert (time.end, time.drops, time.begins) == (None, (), (0,))


def test_a_break_before_the_first_drop_begins_a_stretch():
    time = timeline(made_log(losses(5, 3), rates={0: 0.1}, **PLAN | {"lr_decay_epoch": "30"}))
    assert (time.begins, time.drops, time.disturbed) == ((10,), (30,), math.inf)


def test_a_break_behind_the_first_drop_disturbs_what_is_seen_of_it():
    time = timeline(made_log(losses(5, 4, 3), rates={0: 0.1, 10: 0.01}, **PLAN | {"lr_decay_epoch": "10"}))
    assert (time.begins, time.disturbed) == ((0, 10, 20), 20)


def test_a_warm_up_begins_no_stretch():
    rates = {0: 0.02, 1: 0.06, 2: 0.1, 10: 0.01}
    time = timeline(made_log(losses(5, 4), rates=rates, **PLAN | {"warmup_epochs": 2}))
    assert time.begins == (0, 10)


def test_what_came_before_the_rate_rose_again_does_not_count():
    rates = {0: 0.1, 10: 0.01, 20: 0.1}
    time = timeline(
        made_log(losses(5, 4, 4.5), rates=rates, **PLAN | {"lr_decay_epoch": "10,20,30", "epochs": 40})
    )
    assert (time.begins[0], time.drops) == (20, (30,))
