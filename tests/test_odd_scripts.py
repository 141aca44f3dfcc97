"""Scripts that were changed, and what else they print."""

import pytest

from tests.handmade import codes, epoch, epochs, log, read, start, voc
from tests.one_log import run_of


def test_an_unknown_script_with_lines_of_a_known_form():
    """Its losses are what it calls so; other numbers are kept."""
    lines = [start()]
    for n in range(6):
        value = 3 - 0.3 * n + 0.5 * (n % 2)
        pairs = f"box_loss={value:.4f}, obj_loss={value / 2:.4f}, iou={0.5 + 0.05 * n:.4f}"
        lines += [f"[Epoch {n}][Batch 99], lr: 1.0e-03, {pairs}", f"[Epoch {n}] Training cost: 9.5, {pairs}"]
    run = read(lines)
    assert {c.name for c in run.losses} == {"box_loss", "obj_loss"}
    assert run.curve.loc[5, "loss"] == pytest.approx(2.0 * 1.5)
    assert run.curve.loc[5, "iou"] == 0.75
    assert "CL019" in codes(run)
    assert run.epochs.loc[(0, 5), "seconds"] == 9.5


def test_a_loss_that_its_script_does_not_know():
    lines = [line + (", FooLoss=7.000" if "Cross" in line else "") for line in epochs(0, 3)]
    run = read(start(), lines)
    assert run.curve["FooLoss"].tolist() == [7.0] * 4
    assert run.curve.loc[0, "loss"] == pytest.approx(6.0)
    assert run.summary.final["FooLoss"] == 7.0
    assert "CL019" in codes(run)


def test_six_decimals():
    """Some logs print all with six: the resolution says so, and a cut last number is seen."""
    lines = [start()]
    for n in range(6):
        value = 5 - 0.1 * n + 0.4 * (n % 2)
        lines += [
            f"[Epoch {n}][Batch 99], Speed: 71.553289 samples/sec, CrossEntropy={value:.6f}",
            f"[Epoch {n}] Training cost: 245.553970, CrossEntropy={value:.6f}",
            f"[Epoch {n}] Validation:\na=0.500000\nmAP={0.5 + n / 100:.6f}",
        ]
    run = read(lines)
    assert run.resolution.loc[3, "CrossEntropy"] == 0.5e-6
    assert run.resolution.loc[3, "map"] == pytest.approx(0.5e-4)
    assert run.summary.final_map == 55.0
    short = run_of(log(lines)[:-2].encode())
    assert short.summary.final_map == 54.0


def test_class_names_of_every_kind():
    """With blanks, equal signs, in any script; `train` is a class, and so would be `loss` or `lr`."""
    names = ["traffic light", "a=b", "名前", "train", "lr", "CrossEntropy", "x(y)", "Ärger", "p/q", "0", "-"]
    block = "\n".join(f"{name}=0.{n + 10}" for n, name in enumerate(names))
    run = read(start(), epoch(0, 5.0), f"[Epoch 0] Validation:\n{block}\nmAP=0.15")
    assert run.class_ap["ap"].tolist() == pytest.approx([n + 10 for n in range(len(names))])
    assert run.class_ap.index.get_level_values("class_name").tolist() == names
    assert list(run.epochs.columns) == ["CrossEntropy", "SmoothL1", "lr", "speed", "seconds", "complete"]


@pytest.mark.parametrize(
    "head", ["Validation:", "Validation: ", "StudentNet Validation: ", "Validation Inference cost: 37.9"]
)
def test_heads_of_a_validation(head):
    run = read(start(), epoch(0, 5.0), voc(0, 0.25, head))
    assert run.validation["map"].tolist() == [25.0]


def test_the_evaluation_of_a_script_that_appended_to_the_log():
    """It announces no epoch: told, not used."""
    run = read(
        start(), epoch(0, 5.0), voc(0, 0.25), "[Epoch 0] Saving parameters to x.params", "a=0.9\nmAP=0.9"
    )
    assert run.summary.final_map == 25.0
    [told] = [f for f in run.findings if f.code == "CL018"]
    assert "90" in told.text


def test_a_traceback_is_told():
    crash = [
        "Traceback (most recent call last):",
        '  File "x.py", line 1',
        "MXNetError: out of\x1b[1m memory",
    ]
    run = read(start(), epoch(0, 5.0), crash)
    [told] = [f for f in run.findings if f.code == "CL021"]
    assert "MXNetError: out of" in told.text
    assert str(told).isprintable()
    assert told.where == "line 6"
