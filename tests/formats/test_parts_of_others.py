"""Logs of other frameworks that were cut anywhere, and bytes of any kind: a run or one clear error."""

import random
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convlens import ConvlensError, Run
from convlens.formats import built_in
from convlens.formats.base import Want
from convlens.run import Session
from tests.formats import made
from tests.others import content, paths, real_runs, runs

EXACT = 1e-9
KINDS = (
    "ultralytics.csv",
    "ultralytics.txt",
    "mmdet2.json",
    "mmdet2.log",
    "mmengine.json",
    "mmengine.log",
    "detectron2.json",
    "detectron2.log",
    "lightning.csv",
    "detr",
    "torchvision",
    "huggingface",
    "yolox",
    "paddledet",
    "darknet",
    "tfevents",
)
NAMES = (
    "results.csv",
    "results.txt",
    "x.log.json",
    "x.log",
    "scalars.json",
    "metrics.json",
    "log.txt",
    "metrics.csv",
    "train_log.txt",
    "workerlog.0",
    "trainer_state.json",
    "events.out.tfevents.1",
)


def check_part(part: list[Run], whole: list[Run]) -> None:
    """Finished epochs and validations of each process are those of the whole log, and nothing else."""
    known = {session.line: (run, session) for run in whole for session in run.sessions}
    for run in part:
        for session in run.sessions:
            if session.line in known:
                check_session(run, session, *known[session.line])
            else:  # the whole log shows that this attempt completed nothing
                assert not session.complete.any()


def check_session(run: Run, left: Session, whole: Run, right: Session) -> None:
    names = [c.name for c in whole.columns]
    at = [names.index(c.name) for c in run.columns]
    done = left.epoch[left.complete].tolist()
    assert done == right.epoch[: len(done)].tolist()
    rows = np.flatnonzero(left.complete)
    expected = right.printed[: len(done)][:, at]
    if len(done):  # where a validation stands before the losses of its epoch, these may not be there yet
        expected[-1, ~left.present[rows[-1]]] = np.nan
    assert np.array_equal(left.printed[rows], expected, equal_nan=True)
    validated = left.score_epoch.tolist()
    assert validated == right.score_epoch[: len(validated)].tolist()
    kept = [whole.score_names.index(name) for name in run.score_names]
    expected = right.scores[: len(validated)][:, kept].reshape(left.scores.shape)
    if len(expected):  # of several evaluations in a row the last ones may not be there yet
        expected[-1, np.isnan(left.scores[-1])] = np.nan
    np.testing.assert_allclose(left.scores, expected, rtol=0, atol=EXACT)


def places(data: bytes, draw: random.Random) -> list[int]:
    """Where to cut: anywhere (less often in a long log), at ends of lines, and near the end."""
    found = [draw.randrange(len(data)) for _ in range(max(2, 10 - len(data) // 100_000))]
    found += [data.find(b"\n", draw.randrange(len(data))) + n for n in (0, 1)]
    return [*found, len(data) - draw.randrange(1, 30)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_part_says_what_the_whole_says(corpus, kind):
    for path in paths(corpus, kind):
        data, whole = content(corpus, path), real_runs(corpus, path)
        for at in places(data, random.Random(path)):
            check_part(runs(data[:at]), whole)


@pytest.mark.parametrize("name", made.LOGS)
def test_parts_of_a_made_log(name):
    data = made.LOGS[name]
    whole = runs(data)
    assert whole
    for at in {*random.Random(name).choices(range(len(data)), k=60), *range(len(data) - 30, len(data))}:
        check_part(runs(data[:at]), whole)


@given(st.binary(max_size=200), st.sampled_from(NAMES))
def test_any_bytes(data, name):
    runs(data, name)


@given(st.sampled_from(sorted(made.LOGS)), st.data())
def test_any_change_of_a_log(name, draw):
    """Bytes taken out, put in or repeated: a run whose tables can be built, or an error."""
    data = made.LOGS[name]
    begin = draw.draw(st.integers(0, len(data)))
    end = draw.draw(st.integers(begin, len(data)))
    middle = draw.draw(st.one_of(st.binary(max_size=20), st.just(data[begin:end] * 2)))
    for run in runs(data[:begin] + middle + data[end:]):
        assert len(run.curve) == len(run.resolution)
        assert len(run.epochs) >= len(run.curve)
        str(run), run.summary, run.validation, run.batches, run.class_ap


@given(st.sampled_from([*built_in()]), st.binary(max_size=200))
def test_no_format_raises_on_what_is_not_its_own(form, data):
    with suppress(ConvlensError):
        form.read(data, Want(batches=True, class_ap=True))
