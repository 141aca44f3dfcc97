"""Training: equal to the plain trainer, the teacher frozen, logs read back, runs that go on."""

import math
from dataclasses import replace

import numpy as np
import pytest

from convlens import read_log
from convlens.distill.config import Training
from convlens.distill.schedule import rate
from convlens.errors import TrainingError

pytestmark = pytest.mark.usefixtures("mx")


def train(config, folder, resume=False, watch=None):
    from convlens.distill.experiment import Experiment

    experiment = Experiment(config, folder)
    experiment.run(resume, watch or (lambda _: None))
    return experiment


@pytest.fixture(scope="module")
def taught(tiny, tmp_path_factory):
    """A tiny experiment, whole."""
    folder = tmp_path_factory.mktemp("taught")
    train(tiny, folder)
    return folder


def arrays(mx, path):
    return {name: value.asnumpy() for name, value in mx.nd.load(str(path)).items()}


def figures(path):
    """What a log says, without speeds and times."""
    run = read_log(path)
    batches = run.batches.drop(columns=["Speed", "speed"], errors="ignore")
    return batches, run.curve, run.validation


def same_figures(a, b):
    for one, other in zip(figures(a), figures(b), strict=True):
        assert list(one.columns) == list(other.columns)
        assert len(one) == len(other)
        for column in set(one.columns) - {"seconds", "speed"}:
            np.testing.assert_array_equal(one[column].to_numpy(), other[column].to_numpy())


def test_none_is_the_plain_trainer_bit_for_bit(mx, tiny, taught, tmp_path):
    """GluonCV's loop, written out, beside `none` under a teacher: each loss and each parameter."""
    from gluoncv.loss import SSDMultiBoxLoss

    from convlens.distill.data.augment import light
    from convlens.distill.data.loader import Loader
    from convlens.distill.data.shapes import ShapesSet
    from convlens.distill.data.targets import AnchorTargets
    from convlens.distill.networks import make, save

    seen = []
    teacher = replace(tiny.teacher, params=str(taught / "teacher.params"))
    none = replace(tiny, only=("distilled",), methods=("none",), teacher=teacher)
    train(none, tmp_path, watch=lambda at: seen.append(dict(at.means)))

    images = ShapesSet(tiny.shapes, 40, 64, (0,))
    detector = make(tiny.student, images.classes, 64, 0)
    anchors = detector.look(mx.nd.zeros((1, 3, 64, 64))).anchors.asnumpy()[0]
    loader = Loader(images, AnchorTargets(anchors), light, 8, 1, 0)
    trainer = mx.gluon.Trainer(detector.collect_params(), "adam", {"wd": tiny.student.wd})
    loss, step, expected = SSDMultiBoxLoss(), 0, []
    for epoch in range(2):
        entropies, smooths = [], []
        for batch in loader.epoch(epoch):
            trainer.set_learning_rate(rate(tiny.student, step, loader.steps))
            with mx.autograd.record():
                classes, boxes, _, *_ = detector(mx.nd.array(batch.images))
                total, entropy, smooth = loss(
                    classes, boxes, mx.nd.array(batch.classes), mx.nd.array(batch.targets)
                )
            mx.autograd.backward(total)
            trainer.step(1)
            entropies.append(float(entropy[0].sum().asscalar()))
            smooths.append(float(smooth[0].sum().asscalar()))
            expected.append((sum(entropies) / len(entropies), sum(smooths) / len(smooths)))
            step += 1
    assert [(s["CrossEntropy"], s["SmoothL1"]) for s in seen] == expected
    save(detector, tmp_path / "plain.params")
    own, plain = arrays(mx, tmp_path / "distilled.params"), arrays(mx, tmp_path / "plain.params")
    assert own.keys() == plain.keys()
    assert all(np.array_equal(own[name], plain[name]) for name in own)


def test_the_teacher_does_not_move(mx, tiny, taught, tmp_path, monkeypatch):
    """Neither its weights nor the running means of its normalisation, and no step records it."""
    from convlens.distill import experiment

    held = []
    made = experiment.Experiment._teacher
    monkeypatch.setattr(
        experiment.Experiment, "_teacher", lambda self, seed: held.append(made(self, seed)) or held[-1]
    )
    teacher = replace(tiny.teacher, params=str(taught / "teacher.params"))
    train(replace(tiny, only=("distilled",), teacher=teacher), tmp_path)
    held[0].ssd.save_parameters(str(tmp_path / "after.params"))
    before, after = arrays(mx, taught / "teacher.params"), arrays(mx, tmp_path / "after.params")
    assert all(np.array_equal(before[name], after[name]) for name in before)
    gradients = [p.grad() for p in held[0].collect_params().values() if p.grad_req != "null"]
    assert all(float(abs(g).max().asscalar()) == 0 for g in gradients)


def test_the_student_is_saved_alone(mx, taught):
    """GluonCV's own network loads the file."""
    from convlens.distill.networks import make

    saved = arrays(mx, taught / "distilled.params")
    student = make(Training(network="resnet_w2"), "abcde", 64, 0)
    assert saved.keys() == student.ssd._collect_params_with_prefix().keys()
    student.ssd.load_parameters(str(taught / "distilled.params"))


@pytest.mark.parametrize("name", ["teacher", "baseline", "distilled"])
def test_logs_are_read_back_as_trained(tiny, taught, tmp_path, name):
    """Every figure that the trainer had at a line, to the digits that the line shows."""
    seen = []
    teacher = (
        replace(tiny.teacher, params=str(taught / "teacher.params")) if name == "distilled" else tiny.teacher
    )
    train(replace(tiny, only=(name,), teacher=teacher), tmp_path, watch=seen.append)
    run = read_log(tmp_path / f"{name}.log")
    assert run.findings == ()
    assert run.summary.epochs == seen[-1].steps // 5
    losses = {column.measures: column.name for column in run.losses}
    assert losses.keys() == {"CrossEntropy", "SmoothL1"}
    shown = [at for at in seen if at.step % 5 in (2, 4, 0)]  # every second batch and the last
    assert len(run.batches) == len(shown)
    for (_, row), at in zip(run.batches.iterrows(), shown, strict=True):
        assert at.means
        for figure, value in at.means.items():
            assert row[losses.get(figure, figure)] == float(f"{value:.3f}")
    for epoch, at in enumerate(at for at in seen if at.step % 5 == 0):
        for figure, value in at.means.items():
            assert run.epochs.loc[(0, epoch), losses.get(figure, figure)] == float(f"{value:.3f}")
    assert run.validation["map"].notna().all()
    assert len(run.validation) == run.summary.epochs
    assert set(run.class_ap.reset_index()["class_name"]) == {"disc", "square", "triangle", "star", "cross"}
    assert run.config["seed"] == 0
    assert run.identity.input_size == 64
    assert run.identity.dataset == "shapes"


def test_terms_are_no_part_of_the_loss(taught):
    run = read_log(taught / "distilled.log")
    losses = run.curve[["train_student_ori_net_CrossEntropy", "train_student_ori_net_SmoothL1"]]
    np.testing.assert_allclose(run.curve["loss"], losses.sum(axis=1))
    assert {"Loss_D", "Loss_G", "cosine_length_loss_metric"} <= set(run.curve.columns)


def test_the_same_seed_gives_the_same_log(tiny, taught, tmp_path):
    train(replace(tiny, only=("baseline",)), tmp_path)
    same_figures(taught / "baseline.log", tmp_path / "baseline.log")


def test_the_file_beside_a_log_repeats_it(taught, tmp_path):
    from convlens.distill import config_file

    train(config_file.load(taught / "distilled.toml"), tmp_path)
    same_figures(taught / "distilled.log", tmp_path / "distilled.log")


@pytest.mark.parametrize("stop_at", [1, 7, 9])
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_a_stopped_run_goes_on_as_if_it_had_not(mx, tiny, taught, tmp_path, stop_at, optimizer):
    teacher = replace(tiny.teacher, params=str(taught / "teacher.params"))
    student = replace(tiny.student, optimizer=optimizer, lr=0.005)
    config = replace(tiny, only=("distilled",), teacher=teacher, student=student)
    train(config, tmp_path / "whole")

    def stop(at):
        if at.step == stop_at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(config, tmp_path / "stopped", watch=stop)
    with (tmp_path / "stopped/distilled.log").open("ab") as log:
        log.write(b"[Epoch 0][Batch 2], Sp")  # what a killed process leaves
    train(config, tmp_path / "stopped", resume=True)
    whole, stopped = (read_log(tmp_path / f"{name}/distilled.log") for name in ("whole", "stopped"))
    assert stopped.summary.final == whole.summary.final
    assert stopped.summary.final_map == whole.summary.final_map
    assert list(stopped.curve.index) == [0, 1]
    for column in ("loss", "map", "Loss_D", "lr"):
        np.testing.assert_array_equal(stopped.curve[column], whole.curve[column])
    own, other = (arrays(mx, tmp_path / f"{name}/distilled.params") for name in ("whole", "stopped"))
    assert all(np.array_equal(own[name], other[name]) for name in own)


def test_what_is_done_is_not_done_again(tiny, taught):
    before = {p.name: p.read_bytes() for p in taught.glob("*.log")}
    steps = []
    train(tiny, taught, resume=True, watch=steps.append)
    assert steps == []
    assert {p.name: p.read_bytes() for p in taught.glob("*.log")} == before


@pytest.mark.parametrize(("part", "named"), [("targets", "SmoothL1"), ("images", "weight")])
def test_what_is_not_finite_stops_the_run(tiny, tmp_path, monkeypatch, part, named):
    """NaN from the second epoch on: the first one is kept. In an image ReLU hides it from the losses."""
    from convlens.distill.data.loader import Loader

    epoch = Loader.epoch

    def poisoned(self, number):
        for batch in epoch(self, number):
            yield batch._replace(**{part: getattr(batch, part) * np.float32("nan")}) if number else batch

    monkeypatch.setattr(Loader, "epoch", poisoned)
    with pytest.raises(TrainingError) as raised:
        train(replace(tiny, only=("baseline",)), tmp_path)
    told = "not finite in epoch 1: training stopped; epoch 0 is kept in baseline.checkpoint."
    assert told in str(raised.value)
    assert named in str(raised.value)
    assert told in (tmp_path / "baseline.log").read_text()
    assert read_log(tmp_path / "baseline.log").summary.epochs == 1
    monkeypatch.undo()
    train(replace(tiny, only=("baseline",)), tmp_path, resume=True)
    assert read_log(tmp_path / "baseline.log").summary.epochs == 2


def test_gradients_are_bounded(tiny, tmp_path):
    """The same steps that explode stay finite under a bound."""
    student = replace(tiny.student, lr=0.01, warmup_steps=0, optimizer="sgd", clip=0.5)
    train(replace(tiny, only=("baseline",), student=student), tmp_path)
    assert math.isfinite(read_log(tmp_path / "baseline.log").summary.final["CrossEntropy"])


def test_two_devices_share_a_batch(mx, tiny, taught, tmp_path):
    teacher = replace(tiny.teacher, params=str(taught / "teacher.params"))
    train(replace(tiny, only=("distilled",), teacher=teacher, devices="cpu:0,1"), tmp_path)
    one, two = read_log(taught / "distilled.log"), read_log(tmp_path / "distilled.log")
    assert two.summary.epochs == 2
    # Only the statistics of the batch differ: of four images each.
    assert two.summary.final["train_student_ori_net_CrossEntropy"] == pytest.approx(
        one.summary.final["train_student_ori_net_CrossEntropy"], rel=0.2
    )


def test_a_term_that_drowns_the_rest_is_told(tiny, taught, tmp_path):
    teacher = replace(tiny.teacher, params=str(taught / "teacher.params"))
    terms = {"pkd": {"weight": 1e6}}
    train(replace(tiny, only=("distilled",), methods=("pkd",), teacher=teacher, terms=terms), tmp_path)
    log = (tmp_path / "distilled.log").read_text()
    assert "Shares of the total loss, epoch 0: detection 0.0%, PKD_loss 100.0%" in log
    assert "Warning: PKD_loss, weighted, is " in log


def test_a_teacher_that_knows_nothing_is_refused(tiny, taught, tmp_path):
    teacher = replace(tiny.teacher, params=str(taught / "teacher.params"))
    config = replace(tiny, only=("distilled",), teacher=teacher, teacher_min_map=90.0)
    with pytest.raises(TrainingError, match=r"this teacher reaches a mAP of .* less than 90"):
        train(config, tmp_path)
    assert not (tmp_path / "distilled.log").exists()


def test_a_teacher_of_other_classes_is_refused(tiny, taught, tmp_path):
    teacher = replace(tiny.teacher, params=str(taught / "teacher.params"))
    config = replace(tiny, only=("distilled",), teacher=teacher, shapes=replace(tiny.shapes, kinds=3))
    with pytest.raises(TrainingError, match="holds no parameters of resnet_w4 with these classes"):
        train(config, tmp_path)


def test_logs_are_not_written_over(tiny, taught):
    with pytest.raises(TrainingError, match="go on with --resume, or name another folder"):
        train(tiny, taught)
