"""Where curves part, on curves that are made to part or not to."""

import numpy as np
import pytest

from convlens.analysis.comparison.parting import part
from convlens.reader import read_bytes
from tests.writing import made_log, yolo_log


def run(means, noise=0.05, seed=0, maps=()):
    """A run whose summed loss has these means, with normal noise."""
    drawn = np.random.default_rng(seed).normal(means, noise)
    return read_bytes(made_log([(v - 1, 1.0) for v in drawn], maps).encode(), "a.log", "a")


EPOCHS = np.arange(120)
FALLING = 3 + 4 * (EPOCHS + 1.0) ** -0.5


def test_curves_of_the_same_means_never_part():
    parted = [
        part(run(FALLING, seed=n), run(FALLING, seed=100 + n), "loss").parted is not None for n in range(40)
    ]
    assert sum(parted) <= 1


@pytest.mark.parametrize("step", [0.3, -0.3])
def test_a_step_is_found_where_it_is(step):
    found = part(run(FALLING + step * (EPOCHS >= 70)), run(FALLING, seed=1), "loss")
    assert found.points == 120
    assert 70 <= found.parted <= 75
    assert found.to_the_end == found.parted
    assert str(found) == f"after {found.parted} epochs"


def test_curves_that_are_apart_from_the_first_epoch_say_so():
    assert str(part(run(FALLING), run(FALLING + 1, seed=1), "loss")) == "after 1 epoch"


def test_curves_that_cross_are_told_from_those_that_meet_again():
    crossed = part(run(np.where(EPOCHS < 60, FALLING, FALLING - 2)), run(FALLING - 1, seed=1), "loss")
    assert crossed.parted == 1
    assert 61 <= crossed.to_the_end <= 65
    assert str(crossed) == f"after 1 epoch, on this side after {crossed.to_the_end}"
    met = part(run(np.where(EPOCHS < 60, FALLING + 1, FALLING)), run(FALLING, seed=2), "loss")
    assert str(met) == "after 1 epoch, together again at the end"


def test_a_score_parts_at_the_epochs_that_both_have():
    wobble = np.random.default_rng(3).normal(0, 0.2, (2, 120))
    mine = [50 + w + 5 * (n >= 60) if n % 2 else None for n, w in enumerate(wobble[0])]
    theirs = [50 + w if n % 3 == 0 else None for n, w in enumerate(wobble[1])]
    found = part(run(FALLING, maps=mine), run(FALLING, maps=theirs), "map")
    assert found.points == 20
    assert found.parted == 64  # validations in common after 4, 10, …, 58, 64, … epochs


def test_rounding_alone_is_no_parting():
    """Undone, the rounding of a mean since the start is a hundred times what is printed."""
    flat = [2.0] * 150
    shifted = [2.0] * 75 + [2.02] * 75
    a, b = (read_bytes(yolo_log(own).encode(), "a.log", "a") for own in (flat, shifted))
    assert a.arrays.loss_width[-1] > 0.5
    assert part(a, b, "loss").parted is None


def test_printed_digits_that_differ_by_one_are_no_parting():
    flat = [(0.11049, 1.0)] * 40, [(0.11051, 1.0)] * 40  # printed as 0.110 and 0.111
    a, b = (read_bytes(made_log(losses).encode(), "a.log", "a") for losses in flat)
    assert a.curve["CrossEntropy"].iloc[0] != b.curve["CrossEntropy"].iloc[0]
    assert part(a, b, "CrossEntropy").parted is None


def test_a_last_epoch_that_is_off_is_no_parting():
    means = FALLING.copy()
    means[-1] += 1
    assert part(run(means), run(FALLING, seed=1), "loss").parted is None


def test_few_points_are_too_few():
    found = part(run(FALLING[:9]), run(FALLING[:9] + 9), "loss")
    assert found.too_few
    assert str(found) == "too few points in common (9)"
    assert str(part(run(FALLING[:10]), run(FALLING[:10] + 9), "loss")) == "after 1 epoch"
