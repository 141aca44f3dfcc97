"""Segmentation: log lines and progress bars, several processes in one file, evaluations of no epoch."""

import math

import pytest

from convlens.formats.gluoncv.segmentation import BAR, VALIDATION_BAR
from tests.handmade import arguments, codes, read

START = ["Starting Epoch: 0", "Total Epoches: 3"]


def bars(number: int, loss: float, miou: float, total: int = 4) -> str:
    """An epoch as tqdm draws it: one line of bars, each over the one before."""
    train = [
        BAR.format(epoch=number, loss=loss + 0.1 * (total - n), step=n, total=total) for n in range(total + 1)
    ]
    scores = {"pixAcc": 0.9, "total": 2}
    valid = [VALIDATION_BAR.format(epoch=number, mIoU=miou / (3 - n), step=n, **scores) for n in range(3)]
    return "\r".join(["  0%|          | 0/4 [00:00<?, ?it/s]", *train]) + "\n" + "\r".join(valid)


def lines(number: int, losses: list[float], miou: float) -> list[str]:
    told = [
        f"Epoch {number} iteration {20 * n:04d}/0187: training loss {loss:.3f}"
        for n, loss in enumerate(losses, 1)
    ]
    return [*told, f"Epoch {number} validation pixAcc: 0.900, mIoU: {miou:.3f}"]


def test_a_log_of_lines():
    run = read(
        arguments(model="icnet", epochs=2, crop_size=768),
        lines(0, [7.274, 6.591], 0.165),
        lines(1, [2.912], 0.2),
    )
    assert run.summary.final == {"loss": 2.912}
    assert run.curve["loss"].tolist() == [6.591, 2.912]  # each the mean since its epoch began
    assert run.validation.to_dict("list") == {"mIoU": [16.5, 20], "pixAcc": [90, 90]}
    assert (run.summary.score, run.summary.best_score, run.summary.best_epoch) == ("mIoU", 20, 1)
    assert (run.identity.task, run.identity.detector, run.identity.input_size) == (
        "segmentation",
        "icnet",
        768,
    )
    assert run.curve["complete"].all()
    assert run.curve["lr"].isna().all()  # it falls all the time, and no line states it
    assert codes(run) == []


def test_a_log_of_bars():
    run = read(START, *(bars(n, 0.5 - 0.1 * n, 0.3 + 0.1 * n) for n in range(3)))
    assert run.summary.epochs == 3
    assert run.curve["loss"].tolist() == [0.5, 0.4, 0.3]  # the bar at its end
    assert run.curve["mIoU"].tolist() == pytest.approx([30, 40, 50])
    assert run.batches["loss"].tolist() == pytest.approx(
        [0.9, 0.8, 0.7, 0.6, 0.8, 0.7, 0.6, 0.5, 0.7, 0.6, 0.5, 0.4]
    )
    assert run.plan.epochs == 3
    assert codes(run) == []


def test_a_validation_under_way_is_none_yet():
    whole = bars(0, 0.5, 0.3)
    run = read(START, whole[: whole.rindex("\r")])
    assert not len(run.validation)
    assert run.summary.epochs == 1  # its training bar is at its end


def test_messages_among_the_bars_do_no_harm():
    text = bars(0, 0.5, 0.3).replace("it/s]\r", "it/s][22:35:11] src/a.cc:107: Running tests\r", 3)
    assert read(text).curve["loss"].tolist() == [0.5]
    assert not [code for code in codes(read(text)) if code == "CL014"]


def test_what_a_process_that_only_evaluates_prints_is_of_no_epoch():
    """It calls its epoch 0, whatever was trained before."""
    trained = [*START, *(bars(n, 0.5, 0.3 + 0.1 * n) for n in range(3))]
    alone = read(trained, "Evaluating model:  runs/checkpoint.params", bars(0, 0.5, 0.95).split("\n")[1])
    assert alone.validation["mIoU"].tolist() == pytest.approx([30, 40, 50])
    assert [str(f) for f in alone.findings] == [
        "CL018 an evaluation (pixAcc 0.9, mIoU 0.95) belongs to no epoch: not used [line 33]"
    ]
    started = read(lines(0, [1.0], 0.4), arguments(eval=True), lines(0, [], 0.99))
    assert started.validation["mIoU"].tolist() == [40]
    assert "CL018" in codes(started)


def test_a_later_process_starts_over():
    run = read(START, bars(0, 0.5, 0.3), bars(1, 0.4, 0.4), START, bars(0, 0.1, 0.6), bars(1, 0.1, 0.7))
    assert codes(run) == ["CL002", "CL013"]
    assert run.curve["mIoU"].tolist() == pytest.approx([60, 70])
    assert len(run.epochs) == 4


def test_single_batches_without_a_finite_loss():
    """The running mean of an epoch is NaN from such a batch on; the next epoch begins anew."""
    losses = [[3, 2], [2, math.nan], [1, 1], [math.nan], [1]]
    run = read(*(lines(n, told, 0.1 * (n + 1)) for n, told in enumerate(losses)))
    assert [str(f) for f in run.findings] == [
        "CL008 loss not finite from epoch 1 to 3, in 2 epochs, and finite between them (a loss) [session 0]"
    ]
    assert run.curve["loss"].isna().tolist() == [False, True, False, True, False]
    assert run.summary.final_score == 50
