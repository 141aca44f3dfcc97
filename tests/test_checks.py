"""What reading finds: terms switched off, divergence, schedules, lengths, scores."""

import math

import pytest

from convlens.explanations import explain
from convlens.findings import Code
from convlens.run import Run
from tests.handmade import arguments, batch, close, codes, epochs, read, start, voc

GOOD = [5 - 0.1 * n + 0.4 * (n % 2) for n in range(12)]


def gan(number: int, loss: float, terms: list[float], speed: float = 6.0) -> list[str]:
    """An epoch of two batch lines and a closing line, with the values of Loss_G on the three."""
    texts = [
        f"CrossEntropy={loss:.3f}, SmoothL1=1.000, Loss_G={term:.3f}, Loss_D={-term:.3f}" for term in terms
    ]
    return [
        f"[Epoch {number}][Batch 99], Speed: {speed:.3f} samples/sec, {texts[0]}",
        f"[Epoch {number}][Batch 199], Speed: {speed:.3f} samples/sec, {texts[1]}",
        f"[Epoch {number}] Training cost: 60.000, {texts[2]}",
    ]


def terms(*epochs_of_terms: list[float], losses: list[float] | None = None) -> Run:
    """A run whose term Loss_G takes the given values; names are those of a GAN script."""
    lines = []
    for number, values in enumerate(epochs_of_terms):
        speed = 10.7 if all(math.isnan(v) for v in values) else 6.0
        lines += gan(number, (losses or GOOD)[number], values, speed)
    names = {
        "CrossEntropy": "train_student_ori_net_CrossEntropy",
        "SmoothL1": "train_student_ori_net_SmoothL1",
    }
    text = "\n".join(lines)
    for short, whole in names.items():
        text = text.replace(f"{short}=", f"{whole}=")
    return read(start(), text.split("\n"))


NAN, OK, LARGE = [math.nan] * 3, [1.0, 1.1, 1.2], [90.0, 95.0, 99.0]


def not_finite(run: Run) -> list[str]:
    return [code for code in codes(run) if code in (Code.SWITCHED_OFF, Code.NOT_A_NUMBER)]


def test_a_term_that_is_nan_from_an_epochs_first_line_on_was_switched_off():
    run = terms(*[OK] * 5, *[NAN] * 4)
    [finding] = [f for f in run.findings if f.code is Code.SWITCHED_OFF]
    assert "Loss_G, Loss_D NaN from epoch 5 on" in finding.text
    assert "6 -> 10.7" in finding.text
    assert not_finite(run) == [Code.SWITCHED_OFF]


def test_a_term_that_never_was_is_off():
    assert not_finite(terms(*[NAN] * 4)) == [Code.SWITCHED_OFF]


@pytest.mark.parametrize(
    "run",
    [
        terms(*[OK] * 5, [1.0, math.nan, math.nan], *[NAN] * 3),
        terms(*[OK] * 5, [1.0, 1.1, math.nan], *[NAN] * 3),
        terms(*[OK] * 5, LARGE, *[NAN] * 3),
        terms(*[OK] * 5, NAN, *[OK] * 3),
        terms(*[OK] * 5, *[[math.inf] * 3] * 4),
        terms(*[OK] * 5, *[NAN] * 4, losses=[*GOOD[:7], math.nan, math.nan]),
    ],
    ids=["inside an epoch", "on its last line", "grew before", "came back", "infinite", "the detector too"],
)
def test_a_term_that_diverged(run):
    assert Code.NOT_A_NUMBER in not_finite(run)
    assert not any(f.code is Code.SWITCHED_OFF and "Loss_G" in f.text for f in run.findings)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_loss_of_the_detector_that_is_not_finite_is_divergence(value):
    """Even from an epoch's first line on, with nothing growing before."""
    lines = [start(), *epochs(0, 4)]
    for number in (5, 6, 7):
        lines += [batch(number, 99, value), close(number, value)]
    run = read(lines)
    [finding] = [f for f in run.findings if f.code is Code.NOT_A_NUMBER]
    assert "CrossEntropy" in finding.text
    assert "epoch 5 on" in finding.text
    assert "detector" in finding.text
    assert not math.isfinite(run.summary.final["CrossEntropy"])
    assert run.curve.loc[4, "loss"] == pytest.approx(5.6)


def test_a_nan_that_passed():
    lines = [start(), *epochs(0, 4), batch(5, 99, math.nan), close(5, math.nan), *epochs(6, 8)]
    [finding] = [f for f in read(lines).findings if f.code is Code.NOT_A_NUMBER]
    assert "epoch 5 to 5" in finding.text


def test_losses_that_cancel_out_make_no_noise():
    run = read(start(), batch(0, 99, math.inf, -math.inf), close(0, math.inf, -math.inf), epochs(1, 3))
    assert math.isnan(run.curve.loc[0, "loss"])


def test_a_drop_behind_the_last_epoch_never_comes():
    run = read(arguments(epochs=4, lr=0.1, lr_decay_epoch="2,4"), start(), epochs(0, 3))
    [finding] = [f for f in run.findings if f.code is Code.DROP_OUTSIDE_RUN]
    assert "at epoch 4," in finding.text


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        (["[Epoch 2] Set learning rate to 0.01", "[Epoch 3] Set learning rate to 0.001"], []),
        (["[Epoch 2] Set learning rate to 0.01"], ["3"]),
        ([], ["2", "3"]),
    ],
)
def test_drops_that_are_promised_and_not_seen(stated, expected):
    lines = [arguments(epochs=8, lr=0.1, lr_decay_epoch="2,3" if len(stated) != 1 else "2,6"), start()]
    for number in range(8):
        lines += [line for line in stated if line.startswith(f"[Epoch {number}]")]
        lines += epochs(number, number)
    run = read(lines)
    told = [f.text for f in run.findings if f.code is Code.RATE_CONTRADICTED]
    assert len(told) == bool(expected)
    if len(stated) == 2:
        assert run.curve["lr"].tolist() == [0.1, 0.1, 0.01, *[0.001] * 5]
    if len(stated) == 1:
        assert "epochs 6" in told[0]
    if not stated:
        assert "no rate at all" in told[0]
        assert run.curve["lr"].isna().tolist() == [False, False, *[True] * 6]


def test_rates_that_stand_on_the_lines():
    """YOLOv3's and CenterNet's lines hold the rate of the moment."""
    lines = [start()]
    for number, rate in enumerate([0.1, 0.1, 0.01, 0.01]):
        lines += [
            f"[Epoch {number}][Batch 99], LR: {rate:.2E}, Speed: 9.0 samples/sec, ObjLoss=1.000, A=1.000"
        ]
    assert read(lines).curve["lr"].tolist() == [0.1, 0.1, 0.01, 0.01]


def test_a_warm_up_is_seen():
    lines = [
        arguments(epochs=2, lr=0.01),
        start(),
        "[Epoch 0 Iteration 0] Set learning rate to 0.0033",
        batch(0, 99, 5.0),
        "[Epoch 0 Iteration 100] Set learning rate to 0.01",
        batch(0, 199, 5.0),
        close(0, 5.0),
        *epochs(1, 1),
    ]
    assert read(lines).curve["lr"].tolist() == [0.01, 0.01]


def test_drops_that_a_resumed_process_replays():
    """It sets the old rates once more before its first batch line; only the last one counts."""
    lines = [arguments(epochs=6, lr=0.1, lr_decay_epoch="2"), start(), *epochs(0, 1)]
    lines += ["[Epoch 2] Set learning rate to 0.01", *epochs(2, 3)]
    lines += [
        start(4),
        "[Epoch 4] Set learning rate to 0.1",
        "[Epoch 4] Set learning rate to 0.01",
        *epochs(4, 5),
    ]
    run = read(lines)
    assert run.curve["lr"].tolist() == [0.1, 0.1, *[0.01] * 4]
    assert Code.RATE_CONTRADICTED not in codes(run)


def test_a_process_that_starts_over_starts_with_the_first_rate():
    lines = [arguments(epochs=6, lr=0.1, lr_decay_epoch="2"), start(), *epochs(0, 1)]
    lines += ["[Epoch 2] Set learning rate to 0.01", *epochs(2, 3), start(), *epochs(0, 1)]
    assert read(lines).curve["lr"].tolist() == [0.1, 0.1]


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (epochs(0, 3), "4 of 10 epochs"),
        ([*epochs(0, 3), batch(4, 99, 5.0)], "ends inside epoch 4"),
        (epochs(0, 3), "still to come at 6, 8"),
        (epochs(0, 9), None),
        ([*epochs(0, 8), batch(9, 99, 5.0)], "ends inside epoch 9"),
    ],
)
def test_a_log_that_ends_early(lines, text):
    run = read(arguments(epochs=10, lr=0.1, lr_decay_epoch="6,8"), start(), lines)
    told = [f.text for f in run.findings if f.code is Code.STOPPED_EARLY]
    assert len(told) == (text is not None)
    assert text is None or text in told[0]


@pytest.mark.parametrize(
    ("validated", "every", "missing"),
    [
        (range(8), 1, False),
        ([], 1, True),
        ([7], 8, False),
        ([1, 3, 5, 7], 2, False),
        ([7], 1, True),
        ([], 0, False),
    ],
)
def test_validations_that_were_to_be_expected(validated, every, missing):
    lines = [arguments(epochs=8, val_interval=every), start()]
    for number in range(8):
        lines += [*epochs(number, number), *([voc(number, 0.5)] if number in validated else [])]
    run = read(lines)
    assert (Code.SCORES_MISSING in codes(run)) == missing


def test_a_validation_that_was_cut_is_told():
    run = read(start(), epochs(0, 0), "[Epoch 0] Validation:\naeroplane=0.5", epochs(1, 1))
    assert run.validation.empty
    assert run.summary.final_map is None
    cut = read(start(), epochs(0, 1), "[Epoch 1] Validation:\naeroplane=0.5")
    [finding] = [f for f in cut.findings if f.code is Code.CUT_OFF]
    assert "epoch 1" in finding.text


@pytest.mark.parametrize("code", list(Code))
def test_every_code_is_explained(code):
    told = explain(code)
    assert told == explain(f" {code.lower()} ")
    assert all(len(text) > 10 for text in (told.title, told.text, told.example))


def test_a_quiet_log_has_no_findings():
    lines = [
        arguments(epochs=4, lr=0.1, lr_decay_epoch="2", val_interval=1, save_prefix="ssd_512_vgg16_voc"),
        start(),
    ]
    for number in range(4):
        lines += ["[Epoch 2] Set learning rate to 0.01"] if number == 2 else []
        lines += [*epochs(number, number), voc(number, 0.5)]
    assert codes(read(lines)) == []
