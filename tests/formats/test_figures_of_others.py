"""Every figure that an independent reader found in the logs of other frameworks."""

import math
from functools import partial

import numpy as np
import pytest

from convlens import Run
from convlens.errors import LogFormatError
from convlens.formats import built_in
from convlens.formats.tfrecord import read_scalars
from convlens.meters import Meter
from convlens.metrics import Role
from convlens.reader import runs_of_bytes
from tests.others import content, figures, paths, real_runs

KINDS = {
    "ultralytics.csv": "ultralytics",
    "ultralytics.txt": "ultralytics",
    "mmdet2.json": "mmdetection",
    "mmdet2.log": "mmdetection",
    "mmengine.json": "mmengine",
    "mmengine.log": "mmengine",
    "detectron2.json": "detectron2",
    "lightning.csv": "lightning",
    "detr": "detr",
    "torchvision": "torchvision",
    "huggingface": "huggingface",
    "yolox": "yolox",
    "paddledet": "paddledetection",
    "darknet": "darknet",
    "tfevents": "tensorboard",
    "detectron2.log": "detectron2",
}
EXACT = 1e-9  # of a percentage made of a fraction
SINGLE = 1e-7  # of event files, whose numbers are of single precision


@pytest.fixture(params=KINDS)
def kind(request, corpus):
    return request.param


def told(corpus, kind):
    """Path, what the other reader found, and the runs of each log of a kind."""
    for path in paths(corpus, kind):
        yield path, figures(corpus)[path], real_runs(corpus, path)


def last_value(run: Run, name: str) -> float:
    """The last value that is printed of a training column, or of a score, as it is kept."""
    if name in run.score_names:
        return float(run.validation[name].dropna().iloc[-1])
    k = [c.name for c in run.columns].index(name)
    return float([s.printed[s.present[:, k], k][-1] for s in run.sessions if s.present[:, k].any()][-1])


def test_the_kind_is_recognised(corpus, kind):
    for path, _, runs in told(corpus, kind):
        assert {run.format for run in runs} <= {KINDS[kind]}, path
        assert KINDS[kind] in {form.name for form in built_in()}


def test_a_log_without_rows_is_no_run(corpus, kind):
    for path, expected, runs in told(corpus, kind):
        rows = expected.get("train_rows", expected.get("points")) or expected.get("score_rows")
        assert bool(runs) == bool(rows), path


def test_final_losses(corpus, kind):
    for path, expected, runs in told(corpus, kind):
        for name, value in expected.get("final_losses", {}).items():
            rel = SINGLE if kind == "tfevents" else 1e-12
            again = kind == "tfevents" and has(runs[-1], "CL018") and name in runs[-1].score_names
            if not again:  # of the best checkpoint once more, after training
                assert last_value(runs[-1], name) == pytest.approx(value, rel=rel), (path, name)


def test_the_means_of_the_last_epoch(corpus, kind):
    for path, expected, runs in told(corpus, kind):
        for name, value in expected.get("last_epoch_mean_losses", {}).items():
            run = runs[-1]
            if name in run.score_names:
                continue
            k = [c.name for c in run.columns].index(name)
            if kind == "lightning.csv" and run.columns[k].meter is Meter.LAST:
                continue  # the other reader takes the last batch of an epoch for its mean
            if kind == "torchvision":  # and here the mean of what are means since the epoch began
                assert run.summary.final_epoch_mean[name] == expected["final_losses"][name]
                continue
            if kind == "yolox":  # and here the mean of five attempts
                continue
            own = run.arrays.own[run.arrays.told[:, k], k][-1]
            assert own == pytest.approx(value, rel=1e-9), (path, name)


def test_scores(corpus, kind):
    for path, expected, runs in told(corpus, kind):
        if not expected.get("score_rows"):
            assert all(run.summary.final_score is None for run in runs), path
            continue
        unit = 1 if expected["score_scale"].startswith("percent") else 100
        names = runs[-1].score_names
        # What the other reader calls bbox/AP is the teacher's, and in the text it counts both.
        name = "map_teacher" if kind.startswith("detectron2") and "map_teacher" in names else names[0]
        both = 2 if kind == "detectron2.log" and name == "map_teacher" else 1
        scored = runs[-1].validation[name].dropna()
        if kind == "tfevents" and has(runs[-1], "CL018"):
            continue
        near = partial(pytest.approx, rel=SINGLE if kind == "tfevents" else 0, abs=EXACT)
        assert scored.iloc[-1] == near(unit * expected["final_score"]), path
        assert scored.index[-1][1] == expected["final_score_at"], path
        assert scored.max() == near(unit * expected["best_score"]), path
        assert scored.idxmax()[1] == expected["best_score_at"], path
        assert both * sum(len(r.validation[name].dropna()) for r in runs) == expected["score_rows"], path
        assert not expected.get("nan_scores")
        if name == names[0]:
            assert runs[-1].summary.final_score == scored.iloc[-1]
            assert (runs[-1].summary.best_score, runs[-1].summary.best_epoch) == (
                scored.max(),
                scored.idxmax()[1],
            )


def test_the_axis(corpus, kind):
    for path, expected, runs in told(corpus, kind):
        if not expected.get("train_rows"):
            continue
        trained = [s.epoch[s.present.any(axis=1)] for run in runs for s in run.sessions]
        prefix = "" if runs[0].axis == "iteration" else "epoch_"
        assert trained[0][0] == expected[f"{prefix}first"], path
        assert trained[-1][-1] == expected[f"{prefix}last"], path
        together = np.concatenate(trained)
        assert together.max() == expected[f"{prefix}max"], path
        assert len(np.unique(together)) == expected[f"{prefix[:-1]}s_distinct".removeprefix("s_")], path


def test_the_best_by_fitness(corpus):
    """What Ultralytics keeps as best.pt: a tenth of mAP50, nine of mAP50-95."""
    for path in paths(corpus, "ultralytics.csv"):
        table = real_runs(corpus, path)[0].validation
        fitness = 0.1 * table["map_50"] + 0.9 * table["map"]
        epoch, value = figures(corpus)[path]["best_by_fitness"]
        assert fitness.idxmax()[1] == epoch
        assert table["map"][fitness.idxmax()] == pytest.approx(100 * value)


def test_rows_are_counted(corpus, kind):
    for path, expected, runs in told(corpus, kind):
        if kind == "tfevents":
            continue  # see the next test
        by_epoch = sum(int(s.present[:, losses(r)].any(axis=1).sum()) for r in runs for s in r.sessions)
        # The other reader merges what Lightning logs in an epoch.
        rows = sum(len(r.batches) for r in runs) if kind != "lightning.csv" else 0
        # And counts what attempts printed that completed no epoch, which are told of.
        aborted = {"yolox": 4 * bool(runs), "paddledet": 4}.get(kind, 0)
        assert (rows or by_epoch) == expected["train_rows"] - aborted, path
        assert not any(math.isnan(v) for r in runs for v in r.summary.final.values())


def test_the_scalars_of_event_files(corpus):
    """All of them: tags, points, steps, and how often one stands at a step again."""
    for path in paths(corpus, "tfevents"):
        expected = figures(corpus)[path]
        scalars, findings = read_scalars(content(corpus, path))
        assert bool(findings) == expected["truncated"]
        assert len({s.tag for s in scalars}) == expected["tags"]
        assert len(scalars) == expected.get("points", 0)
        assert max((s.step for s in scalars), default=None) == expected.get("max_step")
        again = len(scalars) - len({(s.tag, s.step) for s in scalars})
        assert again == expected.get("repeated_steps", 0)


def test_the_best_checkpoint_that_was_evaluated_once_more(corpus):
    """Two evaluations stand at the last step behind its own, the last of which another reader takes."""
    found = [(figures(corpus)[p], r) for p in paths(corpus, "tfevents") for r in real_runs(corpus, p)]
    ((expected, run),) = [(figure, run) for figure, run in found if has(run, "CL018")]
    assert (len(run.validation), run.summary.final_map) == (expected["score_rows"] - 2, 45.929)
    (told,) = [f.text for f in run.findings if f.code == "CL018"]
    assert f"2 more evaluations stand at step 25, the last with a mAP of {46.29}" in told
    assert round(expected["final_score"], 4) == 0.4629


def has(run: Run, code: str) -> bool:
    return any(f.code == code for f in run.findings)


def losses(run: Run) -> list[int]:
    return [k for k, c in enumerate(run.columns) if c.role in (Role.LOSS, Role.TOTAL, Role.TERM)]


def test_the_teacher_is_not_the_student(corpus):
    for path in paths(corpus, "mmengine.json"):
        expected, (run,) = figures(corpus)[path], real_runs(corpus, path)
        teacher = expected.get("teacher_score")
        assert ("map_teacher" in run.score_names) == (teacher is not None), path
        if teacher is not None:
            assert set(run.validation["map_teacher"]) == {round(100 * teacher, 9)}
            assert run.summary.final_map == pytest.approx(100 * expected["final_score"])
            assert {f.code for f in run.findings} >= {"CL041", "CL042"}
            names = [c.measures for c in run.losses]
            assert names == ["loss_cls", "loss_bbox"], "under their own names, as without distillation"
            np.testing.assert_allclose(run.arrays.loss, run.arrays.own[:, [2, 3]].sum(axis=1))


def test_the_student_is_not_its_averaged_teacher(corpus):
    for path in paths(corpus, "detectron2.json"):
        told = figures(corpus)[path].get("other_final")
        if told:
            (run,) = real_runs(corpus, path)
            assert run.summary.final_map == told["bbox_student/AP"]
            assert {c.role for c in run.columns if "pseudo" in c.name} == {Role.TERM}


def test_runs_that_were_appended_are_apart(corpus):
    """The first run of the file never got as far as the second."""
    path = next(p for p in paths(corpus, "detectron2.json") if figures(corpus)[p]["segments"] == 7)
    first, second = real_runs(corpus, path)
    assert (len(first.sessions), len(second.sessions)) == (4, 3)
    assert (first.summary.epochs, second.summary.epochs) == (42000, 20060)
    assert first.summary.best_map == pytest.approx(7.4136, abs=1e-4)
    assert not np.isin([5877, 15020, 31138], first.curve.index).any(), "superseded by what was resumed before"
    assert np.isin([5877], first.epochs.index.get_level_values("iteration")).all()
    assert len(second.class_ap.loc[0]) == 100 * len(second.validation.loc[0])


def test_the_total_of_detr_is_that_of_all_layers(corpus):
    for path in paths(corpus, "detr"):
        for run in real_runs(corpus, path):
            parts = [k for k, c in enumerate(run.columns) if c.role in (Role.LOSS, Role.AUXILIARY)]
            there = run.arrays.told[:, parts].all(axis=1)
            sums = run.arrays.own[there][:, parts].sum(axis=1)
            np.testing.assert_allclose(sums, run.arrays.loss[there], rtol=1e-6)


def test_what_a_trainer_says_of_itself(corpus):
    for path in paths(corpus, "huggingface"):
        expected, (run,) = figures(corpus)[path], real_runs(corpus, path)
        assert run.config["num_train_epochs"] == expected["num_train_epochs"]
        assert run.plan.epochs == expected["max_steps"]
        assert run.config["train_loss"] == pytest.approx(expected["train_loss_summary"])
        for name, value in expected.get("eval_losses_last", {}).items():
            assert run.validation[name].iloc[-1] == pytest.approx(value)
        assert run.config.get("best_metric") == expected.get("best_metric")


def test_masks_are_scored_apart(corpus, kind):
    for path, expected, runs in told(corpus, kind):
        if "final_segm" in expected:
            assert runs[-1].validation["map_segm"].iloc[-1] == pytest.approx(100 * expected["final_segm"]), (
                path
            )


def test_an_evaluation_of_no_epoch_is_none(corpus):
    """A test alone is no run; the reason names it."""
    path = next(p for p in paths(corpus, "mmengine.log") if figures(corpus)[p].get("test_rows"))
    with pytest.raises(LogFormatError, match="test"):
        runs_of_bytes(content(corpus, path), path, "made")
