"""The published logs get the verdicts that a careful reader gives, and none too early."""

import numpy as np
import pytest

from convlens import diagnose, zoo
from convlens.analysis.convergence.convergence import judge
from convlens.analysis.convergence.stopping import until
from convlens.analysis.convergence.verdicts import Margins, Verdict
from convlens.analysis.schedule.schedule import schedule_of
from tests.corpus import GAN
from tests.corpus import run as read_real

FLAT = [
    "ssd_300_resnet34_v1b_coco",
    "ssd_300_vgg16_atrous_coco",
    "ssd_512_mobilenet1.0_coco",
    "ssd_512_mobilenet1.0_voc",
    "ssd_512_resnet50_v1_coco",
    "ssd_512_resnet50_v1_voc",
    "ssd_512_vgg16_atrous_coco",
    "yolo3_darknet53_coco",
    "yolo3_mobilenet1.0_coco",
    "yolo3_mobilenet1.0_voc",
]


@pytest.mark.parametrize("name", FLAT)
def test_the_last_phases_of_ssd_and_yolo_are_flat(name):
    diagnosis = diagnose(zoo.load(name))
    assert diagnosis.verdict is Verdict.CONVERGED
    loss = diagnosis.curves["loss"]
    assert loss.phase.first == diagnosis.schedule.phases[-1].first
    assert "is flat in its last phase" in diagnosis.sentence


@pytest.mark.parametrize("name", zoo.snapshot_names())
def test_no_published_run_is_converged_before_its_last_drop(name):
    run = zoo.load(name)
    drops = schedule_of(run).drops
    if not (run.losses and drops):
        pytest.skip("its learning rate does not fall in steps")
    before = until(run, int(drops[-1].epoch) - 1)
    schedule = schedule_of(before)
    for name_of_curve in ("loss", *(c.name for c in run.losses)):
        verdict = judge(before, name_of_curve, schedule, Margins()).verdict
        if schedule.ahead:
            assert verdict is not Verdict.CONVERGED
        else:
            assert name_of_curve != "loss" or verdict is not Verdict.CONVERGED


def test_yolo_on_darknet_names_its_break_and_its_process_that_diverged():
    run = zoo.load("yolo3_darknet53_coco")
    diagnosis = diagnose(run)
    assert [w.where for w in diagnosis.warnings if w.code == "CL050"] == ["epoch 260"]
    assert diagnosis.curves["loss"].phase.first == 260
    first = diagnose(run, session=0)
    assert first.verdict is Verdict.DIVERGED
    assert first.curves["loss"].since == 260


def test_the_distilled_run_breaks_at_180_and_its_second_phase_has_no_cosine_term(corpus):
    run = read_real(corpus / "logs" / GAN)
    diagnosis = diagnose(run)
    (finding,) = [w for w in diagnosis.warnings if w.code == "CL051"]
    assert "epoch 180" in finding.text
    assert diagnosis.curves["loss"].phase.first == 180
    assert diagnosis.verdict not in (Verdict.CONVERGED, Verdict.DIVERGED)
    second = diagnose(run, session=2)
    off = {name for name, curve in second.curves.items() if curve.verdict is Verdict.OFF}
    assert off == {"Loss_D", "Loss_G", "Loss_D_real", "Loss_D_fake", "cosine_length_loss_metric"}
    assert "not printed" in second.curves["cosine_length_loss_metric"].reason


@pytest.mark.parametrize("name", zoo.snapshot_names())
def test_every_published_run_is_diagnosed_whatever_its_task(name):
    run = zoo.load(name)
    diagnosis = diagnose(run, patience_of=(5,))
    judged = {c.name for c in (*run.losses, run.main_score) if c is not None}
    assert judged <= set(diagnosis.curves)
    assert diagnosis.sentence.count("None") == diagnosis.sentence.count("nan ") == 0
    assert all(c.reason.endswith(".") for c in diagnosis.curves.values())


def test_a_score_that_is_better_when_lower_is_judged_so():
    run = zoo.load("vgg16")
    diagnosis = diagnose(run, patience_of=(5,))
    errors = run.curve["err-top1"]
    assert diagnosis.sentence == f"The log holds no loss. err-top1 is flat at {errors.iloc[-1]:.1f}."
    assert diagnosis.verdict is Verdict.CONVERGED
    assert diagnosis.stopping.best == errors.min()
    early = until(run, 20)
    verdict = judge(early, "err-top1", schedule_of(early), Margins())
    assert verdict.verdict is not Verdict.WORSENING
    assert verdict.change < 0


def test_a_log_reads_as_its_snapshot(corpus):
    log = read_real(corpus / "logs" / "detection" / "yolo3_mobilenet1.0_voc.log")
    ours, packed = diagnose(log), diagnose(zoo.load("yolo3_mobilenet1.0_voc"))
    assert [c.verdict for c in ours.curves.values()] == [c.verdict for c in packed.curves.values()]
    for name, curve in ours.curves.items():
        figures = (curve.value, curve.low_90, curve.high_90)
        other = packed.curves[name]
        assert np.allclose(figures, (other.value, other.low_90, other.high_90), rtol=1e-6)


def test_more_than_half_of_the_published_detectors_are_decided():
    runs = [run for run in map(zoo.load, zoo.snapshot_names()) if run.identity.task == "detection"]
    assert len(runs) == 22
    assert sum(diagnose(run).curves["loss"].verdict is Verdict.CONVERGED for run in runs) > 11


def test_a_published_run_is_called_what_its_last_epochs_support(real_log):
    run = read_real(real_log)
    loss = diagnose(run).curves["loss"]
    assert loss.verdict in (Verdict.CONVERGED, Verdict.INCONCLUSIVE)
    if loss.verdict is Verdict.CONVERGED:
        assert abs(loss.later - loss.earlier) < 0.02 * loss.value


@pytest.mark.parametrize("name", ["center_net_resnet18_v1b_voc", "center_net_resnet50_v1b_voc"])
@pytest.mark.parametrize("epochs", [9, 11, 14])
def test_a_loss_that_bends_early_is_not_unstable(name, epochs):
    assert diagnose(until(zoo.load(name), epochs)).verdict is not Verdict.UNSTABLE
