"""What arguments promise of a run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convlens.formats.base import Plan
from convlens.formats.gluoncv.arguments import plan_of
from convlens.formats.gluoncv.namespace import parse_namespace


def test_the_plan_of_published_arguments():
    arguments = {
        "epochs": 280, "start_epoch": 0, "lr": 0.001, "lr_decay_epoch": "220,250", "lr_decay_period": 0,
        "lr_mode": "step", "val_interval": 1, "num_samples": 117266, "batch_size": 64,
    }  # fmt: skip
    assert plan_of(arguments) == Plan(280, 0, 0.001, (220.0, 250.0), 1, 117266, 64)


def test_no_arguments_promise_nothing():
    assert plan_of({}) == Plan()


@pytest.mark.parametrize(
    ("arguments", "drops"),
    [
        ({"lr_decay_epoch": "160,200"}, (160, 200)),
        ({"lr_decay_epoch": "200, 160"}, (160, 200)),
        ({"lr_decay_epoch": "45"}, (45,)),
        ({"lr_decay_epoch": 45}, (45,)),
        ({"lr_decay_epoch": [10, 14.5]}, (10, 14.5)),
        ({"lr_decay_epoch": ""}, ()),
        ({"lr_decay_epoch": "never"}, ()),
        ({"lr_decay_epoch": "160,inf,nan,x"}, (160,)),
        ({"lr_decay_epoch": None}, ()),
        ({"lr_decay_period": 3, "epochs": 10}, (3, 6, 9)),
        ({"lr_decay_period": 3, "lr_decay_epoch": "5"}, (5,)),
        ({"lr_mode": "cosine", "lr_decay_epoch": "160,200"}, ()),
    ],
)
def test_drops(arguments, drops):
    assert plan_of(arguments).drops == drops


@pytest.mark.parametrize("value", ["240", 240, 240.0])
def test_numbers_in_other_clothes(value):
    assert plan_of({"epochs": value, "lr": "1e-3"}) == Plan(epochs=240, rate=0.001)


@pytest.mark.parametrize("value", [None, True, "x", "", [], 2.5, "nan", float("inf"), 10**400, 1e300, {}])
def test_what_is_odd_is_not_promised(value):
    arguments = dict.fromkeys(("epochs", "start_epoch", "val_interval", "num_samples", "batch_size"), value)
    assert plan_of(arguments) == Plan()


def test_a_promise_of_endless_drops_costs_nothing():
    assert plan_of({"epochs": 2_000_000_000, "lr_decay_period": 1}).drops == ()


@given(st.dictionaries(
    st.sampled_from(["epochs", "start_epoch", "lr", "lr_mode", "lr_decay_epoch", "lr_decay_period",
                     "val_interval", "num_samples", "batch_size"]),
    st.sampled_from(["1", "-1", "0", "'1,2'", "1e999", "-1e300", "None", "'x'", "[1, [2]]", "b'1'", "9" * 400,
                     "1j", "'٣'", "'1_0'", "True", "()", "2000000000"]),
))  # fmt: skip
def test_any_arguments_make_a_plan(texts):
    plan = plan_of(parse_namespace("Namespace(" + ", ".join(f"{k}={v}" for k, v in texts.items()) + ")"))
    assert all(
        number is None or abs(number) < 1 << 31 for number in (plan.epochs, plan.start_epoch, plan.samples)
    )
    assert list(plan.drops) == sorted(plan.drops)
