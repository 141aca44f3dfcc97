"""When an epoch is complete, and to which one a validation belongs."""

import math

import pytest

from tests.handmade import batch, close, epoch, epochs, read, start, voc


@pytest.mark.parametrize(
    ("lines", "complete"),
    [
        ([batch(0, 99, 5.0)], []),
        ([batch(0, 99, 5.0), close(0, 4.0)], [0]),
        ([batch(0, 99, 5.0), voc(0, 0.5)], [0]),
        ([batch(0, 99, 5.0), batch(1, 99, 4.0)], [0]),
        ([batch(0, 99, 5.0), start(1), batch(1, 99, 4.0)], []),
        ([batch(0, 99, 5.0), "[Epoch 0] Validation:"], []),
        ([close(0, 5.0)], [0]),
    ],
    ids=["lines", "closed", "validated", "passed", "died", "validation cut", "closing line alone"],
)
def test_when_an_epoch_is_complete(lines, complete):
    run = read(start(), lines)
    assert run.curve.index[run.curve["complete"]].tolist() == complete
    assert run.summary.epochs == len(complete)


def test_the_last_line_counts_where_none_closes_the_epoch():
    run = read(start(), batch(0, 99, 5.0), batch(0, 199, 4.5), batch(1, 99, 4.0))
    assert run.curve["CrossEntropy"].tolist() == [4.5, 4.0]
    assert run.summary.final == {"CrossEntropy": 4.5, "SmoothL1": 1.0}


def test_a_validation_counts_for_the_epoch_that_it_names():
    """An evaluation in a process of its own prints when the next epoch has begun."""
    run = read(
        start(),
        epoch(0, 5.0),
        batch(1, 99, 4.5),
        voc(0, 0.25),
        batch(1, 199, 4.4),
        close(1, 4.3),
        voc(1, 0.5),
    )
    assert run.curve["map"].tolist() == [25.0, 50.0]
    assert len(run.sessions) == 1


def test_a_validation_with_training_lines_inside():
    """Such an evaluation and the training may mingle their lines."""
    head, *scores = voc(0, 0.25).split("\n")
    run = read(
        start(),
        epoch(0, 5.0),
        head,
        batch(1, 99, 4.5),
        scores[0],
        batch(1, 199, 4.4),
        scores[1:],
        close(1, 4.3),
    )
    assert run.curve["map"].tolist()[0] == 25.0
    assert math.isnan(run.curve["map"].tolist()[1])
    assert run.class_ap["ap"].to_dict() == {
        (0, 0, "aeroplane"): pytest.approx(15.0),
        (0, 0, "tvmonitor"): pytest.approx(35.0),
    }
    assert run.curve["CrossEntropy"].tolist() == [5.0, 4.3]


def test_the_last_of_several_validations_counts():
    run = read(start(), epoch(0, 5.0), voc(0, 0.25), voc(0, 0.75), epoch(1, 4.0))
    assert run.validation["map"].to_dict() == {(0, 0): 75.0}
    assert run.class_ap.loc[(0, 0, "aeroplane"), "ap"] == pytest.approx(65.0)
    assert run.summary.final_map == 75.0


def test_a_log_may_begin_with_the_validation_of_a_lost_epoch():
    run = read(voc(6, 0.5), epochs(7, 9), voc(9, 0.6))
    assert run.validation["map"].to_dict() == {(0, 6): 50.0, (0, 9): 60.0}
    assert set(run.class_ap.index.droplevel("class_name")) == {(0, 6), (0, 9)}


def test_scores_alone_make_a_run():
    run = read(voc(0, 0.25), voc(10, 0.5))
    assert run.curve["map"].tolist() == [25.0, 50.0]
    assert run.summary.final_map == 50.0
    assert run.summary.final == {}
