"""Keras' CSVLogger."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convlens.formats import recognise
from convlens.metrics import Better, Role, Unit
from tests.formats import made
from tests.others import runs

DETECTOR = "epoch,classification_loss,loss,lr,mAP,regression_loss\n0,0.5,1.75,1e-05,0.25,1.25\n"


def test_a_classifier():
    (run,) = runs(made.LOGS["keras"])
    assert run.format == "keras"
    assert run.curve.index.tolist() == [0, 1, 2]
    assert run.curve["complete"].all()
    assert run.summary.final == {"accuracy": 0.75, "loss": 0.5}
    assert run.curve["lr"].tolist() == [0.001, 0.001, 0.0001]
    told = {c.name: (c.role, c.unit) for c in run.columns}
    assert told["accuracy"] == (Role.METRIC, Unit.FRACTION)
    assert told["loss"] == (Role.LOSS, Unit.NONE)
    assert run.summary.score == "val_accuracy"
    assert run.validation["val_accuracy"].tolist() == pytest.approx([50, 62.5, 75])
    assert {c.name: c.better for c in run.scores}["val_loss"] is Better.LOWER


def test_a_detector():
    (run,) = runs(DETECTOR.encode())
    assert {c.name: c.role for c in run.columns}["loss"] is Role.TOTAL
    assert [c.name for c in run.losses] == ["classification_loss", "regression_loss"]
    assert run.curve["loss"].tolist() == [1.75]
    assert run.summary.final_map == 25.0


def test_a_header_alone():
    assert not runs(b"epoch,loss,val_loss\n")


def test_a_table_that_was_appended_to():
    first, second = runs(made.LOGS["keras"] + made.LOGS["keras"].partition(b"\n")[2])
    assert first.curve.equals(second.curve)


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"epoch,loss,val_loss\n", "keras"),
        (b"epoch,step,train_loss\n", "lightning"),
        (b"epoch,train/box_loss\n", "ultralytics"),
        (b"epoch,score\n", None),
        (b"image,loss\n", None),
    ],
)
def test_tables_are_told_apart(head, name):
    form = recognise("log.csv", head)
    assert (form.name if form else None) == name


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=5))
def test_what_is_written_is_read(losses):
    """repr's digits, to the last one."""
    log = "epoch,loss\n" + "".join(f"{n},{value!r}\n" for n, value in enumerate(losses))
    (run,) = runs(log.encode())
    assert run.epochs["loss"].tolist() == losses
