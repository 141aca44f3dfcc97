"""The logs that the runner made: read without a finding, each beside the settings that made it."""

import tomllib
from pathlib import Path

import pytest

import convlens

LOGS = sorted((Path(__file__).parents[1] / "logs").rglob("*.log"))


def test_there_are_logs():
    assert {log.stem for log in LOGS} >= {"teacher", "baseline", "distilled"}


@pytest.mark.parametrize("log", LOGS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_log_is_whole_and_says_what_its_settings_say(log):
    run = convlens.read_log(log)
    assert run.findings == ()
    settings = tomllib.loads(log.with_suffix(".toml").read_text())
    training = settings["teacher" if log.stem == "teacher" else "student"]
    assert run.summary.epochs == training["epochs"]
    assert run.config["lr"] == training["lr"]
    assert run.config["network"] == training["network"]
    assert [run.config["seed"]] == settings["seeds"]
    assert run.identity.dataset == settings["data"]["dataset"]
    assert run.validation["map"].notna().all()


def test_the_teacher_is_clearly_better_than_the_baseline():
    teacher, baseline, _ = (
        convlens.read_log(LOGS[0].parent / f"{name}.log") for name in ("teacher", "baseline", "distilled")
    )
    assert teacher.summary.final_map > baseline.summary.final_map + 5
    assert teacher.curve["loss"].iloc[-1] < baseline.curve["loss"].iloc[-1]
