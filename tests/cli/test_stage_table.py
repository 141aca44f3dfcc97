"""`convlens compare` of runs whose learning rates drop at different epochs."""

import pytest

from tests.writing import made_log


@pytest.fixture
def compared(invoke, tmp_path):
    """Compares made runs: NAME=drop,epochs."""

    def run(**made):
        for name, (drop, epochs) in made.items():
            losses = [(4.0 if epoch < drop else 2.0, 1.0) for epoch in range(epochs)]
            arguments = {
                "lr_decay": 0.1,
                "lr_decay_epoch": str(drop),
                "epochs": drop + 10,
                "wd": ord(name[0]) / 1e5,
            }
            rates = {drop: 0.01} if epochs > drop else {}
            text = made_log(losses, [40.0] * epochs, rates=rates, **arguments)
            (tmp_path / f"{name}.log").write_text(text)
        return invoke("compare", *(f"{name}.log" for name in made), cwd=tmp_path).out

    return run


def lines_of(text):
    return [" ".join(line.split()) for line in text.splitlines()]


def test_runs_are_aligned_by_the_drops_of_their_rates(compared):
    told = lines_of(compared(early=(10, 20), late=(15, 25)))
    at = told.index("By stage of the learning rate: before its first drop, and after each")
    assert told[at + 3] == "before the first drop 10 epochs 15 epochs"
    assert told[at + 4].startswith("summed loss 5.000 5.000 (+0.000")
    assert told[at + 6] == "after drop 1 20 epochs 25 epochs"


def test_a_drop_still_to_come_is_told(compared):
    assert "CL054 cut: the drop at 15 still to come; whole: no drop to come" in compared(
        whole=(10, 20), cut=(15, 12)
    )


def test_stages_that_are_equal_epochs_are_not_told_twice(compared):
    told = compared(a=(10, 20), b=(10, 20))
    assert "Differences are to a" in told
    assert "By stage" not in told


def test_verdicts_stand_in_the_table(compared):
    told = lines_of(compared(a=(10, 20), b=(15, 25)))
    assert "loss verdict converged converged" in told
    assert "mAP verdict converged converged" in told
