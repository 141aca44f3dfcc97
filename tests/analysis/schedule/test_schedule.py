"""Phases, drops and breaks, on logs whose schedule is known."""

import math
import pickle
from dataclasses import replace

import numpy as np
import pytest

from convlens.analysis.schedule.phases import Begin
from convlens.analysis.schedule.rates import Mode, Origin
from convlens.analysis.schedule.schedule import Schedule, schedule_of
from convlens.reader import read_bytes
from convlens.run import Run
from tests.corpus import GAN
from tests.corpus import run as read_real
from tests.writing import made_log, yolo_log


def falling(epochs: int, drops: dict[int, float] | None = None, noise: float = 0.003, seed: int = 0):
    """Losses that fall as a power law with noise, and by a part of themselves at some epochs."""
    draw = np.random.default_rng(seed)
    level = np.array([2 + 3 * (1 + e) ** -0.5 for e in range(epochs)])
    for epoch, part in (drops or {}).items():
        level[epoch:] *= 1 - part
    level *= 1 + noise * draw.standard_normal(epochs)
    return [(0.7 * v, 0.3 * v) for v in level.tolist()]


def read(text: str) -> Run:
    return read_bytes(text.encode(), "-", "made")


def cut(run: Run, rows: int) -> Run:
    return replace(run, curve_rows=run.curve_rows[:rows])


def spans(schedule: Schedule) -> list[tuple[int, int, str]]:
    return [(p.first, p.last, str(p.begins)) for p in schedule.phases]


STEPS = {"epochs": 60, "lr": 0.1, "lr_decay": 0.1, "lr_decay_epoch": "30,50"}


def test_rates_in_the_log_make_the_phases():
    run = read(made_log(falling(60, {30: 0.2, 50: 0.05}), rates={30: 0.01, 50: 0.001}, **STEPS))
    schedule = schedule_of(run)
    assert spans(schedule) == [(0, 29, "start"), (30, 49, "drop"), (50, 59, "drop")]
    assert [p.rate for p in schedule.phases] == [0.1, 0.01, 0.001]
    assert [(d.epoch, pytest.approx(d.factor)) for d in schedule.drops] == [(30, 0.1), (50, 0.1)]
    assert (schedule.mode, schedule.origin) == (Mode.STEP, Origin.LOG)
    assert (schedule.ahead, schedule.outside, schedule.breaks, schedule.falls_on) == ((), (), (), False)


@pytest.mark.parametrize(("epochs", "ahead"), [(20, [30, 50]), (30, [30, 50]), (31, [50]), (50, [50])])
def test_drops_that_are_promised_and_not_reached_lie_ahead(epochs, ahead):
    rates = {e: r for e, r in {30: 0.01, 50: 0.001}.items() if e < epochs}
    schedule = schedule_of(read(made_log(falling(epochs, {30: 0.2}), rates=rates, **STEPS)))
    assert [d.epoch for d in schedule.ahead] == ahead
    assert schedule.falls_on
    assert all(d.factor == 0.1 for d in schedule.ahead)


def test_a_drop_behind_the_last_epoch_is_outside():
    arguments = STEPS | {"lr_decay_epoch": "30,60"}
    schedule = schedule_of(read(made_log(falling(60, {30: 0.2}), rates={30: 0.01}, **arguments)))
    assert [d.epoch for d in schedule.outside] == [60]
    assert not schedule.falls_on


def test_what_the_log_shows_wins_over_the_arguments():
    schedule = schedule_of(read(made_log(falling(60, {40: 0.2}), rates={40: 0.01}, **STEPS)))
    assert spans(schedule) == [(0, 39, "start"), (40, 59, "drop")]
    assert schedule.ahead == ()


def test_promised_drops_are_believed_where_the_loss_answers():
    schedule = schedule_of(read(made_log(falling(60, {30: 0.1, 50: 0.02}), **STEPS)))
    assert spans(schedule) == [(0, 29, "start"), (30, 49, "drop"), (50, 59, "drop")]
    assert [p.rate for p in schedule.phases] == pytest.approx([0.1, 0.01, 0.001])
    assert schedule.origin is Origin.ARGUMENTS


def test_promised_drops_that_no_loss_answers_to_give_way_to_change_points():
    run = read(made_log(falling(100, {70: 0.1}), **STEPS | {"epochs": 100}))
    schedule = schedule_of(run)
    assert schedule.origin is Origin.CHANGE_POINTS
    assert spans(schedule) == [(0, 69, "start"), (70, 99, "change point")]
    assert [d.epoch for d in schedule.drops] == [70]
    assert math.isnan(schedule.drops[0].factor)
    early = schedule_of(cut(run, 33))  # too early to contradict
    assert (early.origin, [d.epoch for d in early.ahead]) == (Origin.ARGUMENTS, [50])


def test_without_any_word_change_points_are_looked_for():
    run = read(made_log(falling(100, {60: 0.15}, seed=3), lr=None))
    schedule = schedule_of(run)
    assert (schedule.mode, schedule.origin) == (Mode.UNKNOWN, Origin.CHANGE_POINTS)
    assert spans(schedule) == [(0, 59, "start"), (60, 99, "change point")]
    quiet = schedule_of(read(made_log(falling(100), lr=None)))
    assert (quiet.origin, len(quiet.phases)) == (Origin.NOTHING, 1)
    assert (quiet.epochs, quiet.end) == (None, None)


def test_a_break_without_a_change_of_the_rate_begins_a_phase():
    arguments = STEPS | {"lr_decay_epoch": "30"}
    losses = falling(80, {30: 0.2, 60: 0.1})
    schedule = schedule_of(read(made_log(losses, rates={30: 0.01}, **arguments | {"epochs": 80})))
    assert spans(schedule) == [(0, 29, "start"), (30, 59, "drop"), (60, 79, "break")]
    (broken,) = schedule.breaks
    assert (broken.epoch, broken.cause) == (60, "")
    assert broken.size == pytest.approx(-0.1, abs=0.01)


def test_a_shock_that_passes_is_no_break():
    losses = falling(80)
    for epoch, part in zip(range(40, 46), (0.1, 0.07, 0.05, 0.03, 0.02, 0.01), strict=True):
        losses[epoch] = tuple(v * (1 + part) for v in losses[epoch])
    schedule = schedule_of(read(made_log(losses, epochs=80)))
    assert schedule.breaks == ()
    assert schedule.mode is Mode.CONSTANT


def test_pure_noise_breaks_nowhere():
    for seed in range(20):
        run = read(made_log(falling(120, noise=0.01, seed=seed), epochs=120))
        assert schedule_of(run).breaks == ()


def test_warm_up_is_a_phase_of_its_own():
    rates = {0: 0.02, 1: 0.05, 2: 0.08, 3: 0.1, 30: 0.01}
    schedule = schedule_of(read(made_log(falling(60, {30: 0.2}), rates=rates, **STEPS)))
    assert spans(schedule) == [(0, 2, "start"), (3, 29, "end of warm-up"), (30, 59, "drop")]
    assert [p.warm_up for p in schedule.phases] == [True, False, False]
    assert [d.epoch for d in schedule.drops] == [30]


@pytest.mark.parametrize(
    ("mode", "law"),
    [
        (Mode.COSINE, lambda part: (1 + math.cos(math.pi * part)) / 2),
        (Mode.LINEAR, lambda part: 1 - part),
    ],
)
def test_smooth_laws_are_told_apart(mode, law):
    rates = {e: round(0.1 * law(e / 60), 6) for e in range(60)}
    run = read(made_log(falling(60), rates=rates, epochs=60))
    schedule = schedule_of(run)
    assert (schedule.mode, schedule.left, len(schedule.phases)) == (mode, 0.0, 1)
    halfway = schedule_of(cut(run, 40))
    assert halfway.mode is mode
    assert halfway.left == pytest.approx(law(39 / 60), abs=1e-4)
    assert halfway.falls_on


def test_arguments_tell_a_smooth_law_that_no_line_shows():
    run = read(made_log(falling(40), epochs=60, lr_mode="cosine", warmup_epochs=2))
    schedule = schedule_of(run)
    assert (schedule.mode, schedule.origin) == (Mode.COSINE, Origin.ARGUMENTS)
    assert schedule.falls_on
    assert schedule.ahead == ()


def test_a_rate_that_rises_again_begins_a_phase():
    law = [0.1 * (1 + math.cos(math.pi * e / 20)) / 2 for e in range(20)] * 2
    run = read(made_log(falling(40), rates={e: round(r, 6) for e, r in enumerate(law)}, epochs=40))
    assert spans(schedule_of(run)) == [(0, 19, "start"), (20, 39, "rise")]


def test_a_drop_shown_at_the_end_of_the_epoch_before_begins_with_the_next():
    run = read(made_log(falling(60, {30: 0.2}), rates={29: 0.01}, **STEPS | {"lr_decay_epoch": "30"}))
    assert spans(schedule_of(run)) == [(0, 29, "start"), (30, 59, "drop")]
    before = schedule_of(cut(run, 30))
    assert [d.epoch for d in before.ahead] == [30]
    assert len(before.phases) == 1


@pytest.mark.parametrize("rows", [0, 1, 2, 5])
def test_short_curves_are_no_error(rows):
    run = cut(read(made_log(falling(60), lr=None)), rows)
    assert len(schedule_of(run).phases) == min(rows, 1)


def test_a_loss_that_is_never_finite_is_no_error():
    run = read(made_log([(math.nan, math.nan)] * 30, lr=None))
    assert [p.begins for p in schedule_of(run).phases] == [Begin.START]


def test_a_schedule_pickles_and_shows_itself():
    schedule = schedule_of(read(yolo_log([5.0] * 12)))
    assert pickle.loads(pickle.dumps(schedule)) == schedule
    assert list(schedule.table["known_from"]) == ["log lines"]
    assert "log lines" in schedule._repr_html_()


# What the published logs show (epochs read off the logs by hand).
PUBLISHED = {
    "detection/ssd_300_resnet34_v1b_coco_train.log": [0, 160, 200],
    "detection/ssd_512_resnet50_v1_voc_train.log": [0, 160, 200],
    "detection/yolo3_mobilenet1.0_coco.log": [0, 2, 220, 250],
    "detection/yolo3_mobilenet1.0_voc.log": [0, 4, 160, 180],
    "detection/yolo3_darknet53_coco_train.log": [0, 2, 220, 250, 260],
    "detection/center_net_resnet18_v1b_coco_train.log": [0, 90, 120],
    "detection/faster_rcnn_resnet50_v1b_voc_train.log": [0, 14],
    "instance/mask_rcnn_fpn_resnet50_v1b_coco_train.log": [0, 17, 23],
    GAN: [1, 180],
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_phases_of_published_logs(corpus, name):
    schedule = schedule_of(read_real(corpus / "logs" / name))
    assert [p.first for p in schedule.phases] == PUBLISHED[name]
    assert [b.epoch for b in schedule.breaks] == ([260] if "darknet53" in name else [])
    assert schedule.origin is (Origin.CHANGE_POINTS if name == GAN else Origin.LOG)
    assert [d.epoch for d in schedule.outside] == ([20] if "resnet50_v1b_voc" in name else [])
    assert schedule.ahead == ()


def test_no_published_log_breaks_elsewhere(real_log):
    broken = [b.epoch for b in schedule_of(read_real(real_log)).breaks]
    assert broken == ([260] if "darknet53_coco" in real_log.name else [])
