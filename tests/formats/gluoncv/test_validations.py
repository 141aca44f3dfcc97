"""Validations as they stand in logs: behind prefixes, of changed scripts, with lines behind the mAP."""

import pytest

from convlens import compare
from tests.handmade import arguments, close, codes, epoch, epochs, read, start, voc
from tests.writing import ssd_log

PREFIXES = [
    "Jan 01 10:00:00 ",
    "2020/01/01 10:00:00 ",
    "01/02 10:00:00 ",
    "Wed Nov 25 10:00:00 2026 ",
    "2020-01-01 10:00:00,123 - root - INFO - ",
    "[2020-01-01 10:00:00] ",
    "2020-01-01T10:00:00.123Z ",
    "INFO:root:",
    "node01 | ",
]


@pytest.mark.parametrize("prefix", PREFIXES)
def test_scores_are_read_behind_a_prefix_on_every_line(prefix):
    plain = ssd_log(epochs=6, batches=3)
    run, expected = read(prefix + line for line in plain.splitlines()), read(plain.rstrip("\n"))
    assert len(run.validation) == 6
    assert run.validation.equals(expected.validation)
    assert run.class_ap.equals(expected.class_ap)
    assert codes(run) == codes(expected)


def test_what_stands_behind_the_map_is_no_class():
    run = read(start(), epoch(0, 2.0), voc(0, 0.5) + "\nelapsed=12.0", epoch(1, 1.9))
    assert run.class_ap.index.get_level_values("class_name").tolist() == ["aeroplane", "tvmonitor"]


def test_a_script_that_prints_percentages_is_taken_at_its_word_and_said():
    blocks = [f"[Epoch {n}] Validation:\naeroplane={70.5 + n}\nmAP={70.5 + n}" for n in (0, 1)]
    blocks[0] = blocks[0].replace("70.5", "0.9")  # no percentage by its size alone
    run = read(start(), epoch(0, 2.0), blocks[0], epoch(1, 1.9), blocks[1])
    assert run.validation["map"].tolist() == [0.9, 71.5]
    assert run.class_ap["ap"].tolist() == [0.9, 71.5]
    assert "CL023" in codes(run)


def test_fractions_are_not_taken_for_percentages():
    run = read(start(), epoch(0, 2.0), voc(0, 0.5))
    assert run.validation["map"].tolist() == [50.0]
    assert "CL023" not in codes(run)


def test_a_validation_whose_map_cannot_be_read_is_said():
    odd = "[Epoch 0] Validation:\naeroplane=0.5\nmAP=np.float64(0.5)"
    run = read(start(), epoch(0, 2.0), odd, epoch(1, 1.9))
    assert run.validation.empty
    assert [f.text for f in run.findings if "holds no mAP" in f.text]


def test_percentages_have_the_printed_digits():
    run = read(start(), epoch(0, 2.0), "[Epoch 0] Validation:\nmAP=0.757935537944801", close(0, 2.0))
    assert run.summary.final_map == 75.7935537944801


def test_the_rate_is_taken_under_other_spellings():
    lines = [
        f"[Epoch {n}][Batch 99], Speed: 9.0 samples/sec, CrossEntropy={2 - n / 10:.3f}, SmoothL1=1.0, lr=0.01"
        for n in range(3)
    ]
    run = read(arguments(lr=0.5, lr_decay_epoch="1"), start(), lines)
    assert run.curve["lr"].tolist() == [0.01] * 3
    assert "CL019" not in codes(run)
    assert [f.text for f in run.findings if f.code == "CL011"] == [
        "the arguments put drops of the learning rate at epochs 1; the log shows none there"
    ]


def test_runs_can_be_labelled_too():
    one, two = read(start(), epochs(0, 3)), read(start(), epochs(0, 3, 4.0))
    assert [arm.name for arm in compare({"first": one, "second": two}).arms] == ["first", "second"]
