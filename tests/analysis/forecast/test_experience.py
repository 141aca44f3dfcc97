"""What published runs taught: how it is kept, left out, and asked."""

import gzip
import math
import subprocess
import sys
from dataclasses import replace
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

import convlens
from convlens.analysis.forecast.courses import MAP
from convlens.analysis.forecast.experience import FILE, LOSSES, Experience, dumps, loads, opening, published
from convlens.analysis.forecast.lessons import Basis, Fall, Kind, Misses, Passage, Situation
from convlens.analysis.forecast.profile import GRID
from convlens.zoo import snapshot_names

SCRIPT = Path(__file__).parents[3] / ".tools" / "build_experience.py"


def misses(run, *ratios, situation=Situation.AHEAD, kind=Kind.TOTAL, basis=Basis.KNOWN):
    return Misses(run, situation, kind, basis, ratios, tuple(r / 10 for r in ratios))


def experience(**parts):
    """Two families of one run each."""
    told = {
        "families": {"a": "ssd", "b": "yolo3"},
        "openings": {"a": (9.0, 8.0, 7.0), "b": (1.0, 1.0, 1.0)},
        "facts": {LOSSES: ("slope",), MAP: ("jitter",)},
        "strength": {LOSSES: 1e-9, MAP: 1e-9},
    }
    return Experience(**(told | parts))


def flat(run, course, share, weight=1.0):
    """A passage that has done the same part everywhere."""
    return Passage(run, course, weight, (share,) * len(GRID))


def test_it_is_read_as_it_was_written():
    made = experience(
        falls=(Fall("a", "CrossEntropy", 0.5, 0.7, 0.25, {"slope": -1.5}),),
        passages=(flat("b", MAP, 0.5),),
        misses=(misses("a", 0.1, 0.25, situation=Situation.BEHIND, basis=Basis.BLIND),),
    )
    again = loads(dumps(made))
    assert vars(again) == vars(made)
    assert dumps(loads(dumps(published()))) == dumps(published())


def test_runs_that_are_left_out_leave_nothing():
    rest = published().without(["ssd_512_resnet50_v1_voc", "not there"])
    assert len(rest.families) == len(published().families) - 1
    for records in (rest.falls, rest.passages, rest.misses):
        assert "ssd_512_resnet50_v1_voc" not in {r.run for r in records}
        assert records
    assert "ssd_512_resnet50_v1_voc" not in dumps(rest)


def test_the_shipped_one_holds_the_published_runs_with_drops():
    held = published()
    assert set(held.families) < set(snapshot_names())
    assert len(held.families) == 20
    assert sorted(set(held.families.values())) == ["center_net", "faster_rcnn", "mask_rcnn", "ssd", "yolo3"]
    # A break behind its drops, and a schedule that its log contradicts:
    assert not {"yolo3_darknet53_coco", "ssd_512_mobilenet1.0_distilled_voc"} & set(held.families)


def test_a_run_is_known_again_by_its_first_epochs():
    run = convlens.read_log("ssd_512_resnet50_v1_voc")
    assert opening(run) == published().openings["ssd_512_resnet50_v1_voc"]
    assert opening(replace(run, name="x", curve_rows=run.curve_rows[:40])) == opening(run)
    assert len(set(published().openings.values())) == len(published().openings)


def test_the_ratio_that_holds_a_part_counts_runs_alike():
    # Of run a ten ratios of 0.1 to 1.0 (5% each), of run b one of 2 (50%).
    many = tuple(np.arange(1, 11) / 10)
    asked = experience(misses=(misses("a", *many), misses("b", 2.0)))
    key = (Situation.AHEAD, Kind.TOTAL, Basis.KNOWN)
    assert asked.ratio(*key, 0.25) == pytest.approx(0.5)
    assert asked.ratio(*key, 0.5) == pytest.approx(1.0)
    assert asked.ratio(*key, 0.51) == 2.0
    assert asked.ratio(*key, 0.9) == 2.0
    assert asked.usual_error(*key) == pytest.approx(0.06)
    assert math.isnan(asked.ratio(Situation.AHEAD, Kind.TOTAL, Basis.BLIND, 0.5))
    assert math.isnan(asked.usual_error(Situation.WITHIN, Kind.TOTAL, Basis.KNOWN))


def test_a_sum_is_missed_like_its_losses_unless_the_first_drop_is_ahead():
    asked = experience(
        misses=tuple(
            misses(run, ratio, situation=situation, kind=kind)
            for situation in (Situation.AHEAD, Situation.AFTER)
            for run, kind, ratio in (("a", Kind.TOTAL, 1.0), ("a", Kind.LOSS, 3.0))
        )
    )
    assert asked.ratio(Situation.AHEAD, Kind.TOTAL, Basis.KNOWN, 0.9) == 1.0
    assert asked.ratio(Situation.AFTER, Kind.TOTAL, Basis.KNOWN, 0.9) == 3.0
    assert asked.ratio(Situation.AFTER, Kind.LOSS, Basis.KNOWN, 0.5) == 1.0


def test_falls_are_expected_by_facts_that_are_known():
    falls = [
        Fall(run, "CrossEntropy", cut, 1.0, math.exp(0.5 * slope), {"slope": slope})
        for run, cut, slope in (("a", 0.5, -3.0), ("a", 1.0, -2.0), ("b", 0.5, -1.0), ("b", 1.0, -4.0))
    ]
    asked = experience(falls=tuple(falls))
    assert asked.fall("CrossEntropy", "ssd", {"slope": -2.5, "drop": 9.0}) == pytest.approx(math.exp(-1.25))
    assert math.isnan(asked.fall("CrossEntropy", "ssd", {"drop": 9.0}))
    assert asked.knows("CrossEntropy")
    assert not asked.knows("loss_cls")


def test_families_count_alike_however_many_runs_they_have():
    told = {"a": "ssd", "c": "ssd", "d": "ssd", "b": "yolo3"}
    openings = dict.fromkeys(told, (1.0,))
    passages = [
        flat(run, "CrossEntropy" if run != "b" else "ObjLoss", 0.2 if run != "b" else 0.6) for run in told
    ]
    asked = experience(families=told, openings=openings, passages=tuple(passages))
    assert asked.profile("never seen", "").shares == pytest.approx([0.4] * len(GRID))
    assert asked.profile("never seen", "").spread == pytest.approx([0.2] * len(GRID))
    # Kin counts as its runs, all as three.
    assert asked.profile("CrossEntropy", "").shares == pytest.approx([(3 * 0.4 + 3 * 0.2) / 6] * len(GRID))
    assert asked.profile("ObjLoss", "").shares == pytest.approx([(3 * 0.4 + 0.6) / 4] * len(GRID))


def test_map_goes_by_the_family_and_not_with_losses():
    passages = (flat("a", MAP, 0.2), flat("b", MAP, 0.6), flat("a", "CrossEntropy", 1.0))
    asked = experience(passages=passages)
    assert asked.profile(MAP, "").shares == pytest.approx([0.4] * len(GRID))
    assert asked.profile(MAP, "yolo3").shares == pytest.approx([(3 * 0.4 + 0.6) / 4] * len(GRID))


@pytest.mark.slow
def test_the_script_makes_what_is_shipped(tmp_path):
    command = [sys.executable, "-W", "error", SCRIPT, tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    made = loads(gzip.decompress((tmp_path / FILE).read_bytes()).decode())
    held = published()
    assert (made.families, made.openings, made.facts, made.strength) == (
        held.families,
        held.openings,
        held.facts,
        held.strength,
    )
    for ours, theirs in (
        (made.falls, held.falls),
        (made.passages, held.passages),
        (made.misses, held.misses),
    ):
        assert [r.run for r in ours] == [r.run for r in theirs], "run .tools/build_experience.py"
    assert [f.fall for f in made.falls] == pytest.approx([f.fall for f in held.falls], rel=1e-3)
    assert [r for m in made.misses for r in m.ratios] == pytest.approx(
        [r for m in held.misses for r in m.ratios], rel=0.02, abs=0.002
    )


def test_it_is_small():
    assert len((resources.files("convlens.analysis.forecast") / FILE).read_bytes()) < 100_000
