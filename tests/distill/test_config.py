"""Settings: presets, TOML in and out, wrong ones."""

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convlens.distill import config_file
from convlens.distill.config import Data, DistillConfig, Shapes, Training
from convlens.distill.presets import PRESETS
from convlens.distill.schedule import rate
from convlens.errors import ConvlensError, SourceError, TrainingError

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.one_of(st.booleans(), st.integers(-(2**62), 2**62), st.floats(allow_nan=False), texts)
configs = st.builds(
    DistillConfig,
    data=st.builds(Data, root=texts, classes=st.lists(texts).map(tuple), size=st.integers(32, 4096)),
    student=st.builds(
        Training,
        lr=st.floats(0, 1000),
        params=texts,
        pretrained=st.booleans(),
        lr_decay_epoch=st.lists(st.integers(0, 500)).map(tuple),
    ),
    terms=st.dictionaries(texts, st.dictionaries(texts, values, max_size=3), max_size=3),
    seeds=st.sets(st.integers(0, 2**31 - 1), min_size=1, max_size=4).map(tuple),
)


@given(configs)
def test_what_is_written_is_read_back_equal(config):
    table = config_file.tomllib.loads(config_file.dumps(config))
    assert config_file.build(DistillConfig, table, "") == config


@pytest.mark.parametrize("name", PRESETS)
def test_presets_survive_a_file(tmp_path, name):
    path = tmp_path / "a.toml"
    config_file.save(PRESETS[name], path)
    assert config_file.load(path) == PRESETS[name]


def test_parameters_lie_beside_the_file(tmp_path):
    (tmp_path / "a.toml").write_text('[teacher]\nparams = "teacher.params"\n')
    assert config_file.load(tmp_path / "a.toml").teacher.params == str(tmp_path / "teacher.params")
    (tmp_path / "a.toml").write_text('[student]\nparams = "/elsewhere/student.params"\n')
    assert config_file.load(tmp_path / "a.toml").student.params == "/elsewhere/student.params"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[student]\nepoch = 3\n", "No setting in student named 'epoch'. Did you mean 'epochs'?"),
        ("sed = [1]\n", "No setting at the top named 'sed'. Did you mean 'seeds'?"),
        ("[student]\nepochs = 'three'\n", "student.epochs is a whole number, not 'three'."),
        ("[student]\nepochs = true\n", "student.epochs is a whole number, not True."),
        ("student = 3\n", "student is a table: [student]."),
        ("seeds = 3\n", "seeds is a list, each a whole number: [..., ...]."),
        ("terms = 3\n", "terms holds tables: [terms.NAME]."),
        ("[data]\ndataset = 'vok'\n", "No dataset named 'vok'. Did you mean 'voc'?"),
        ("[student]\nlr = -1\n", "lr is between 0 and 1000, not -1."),
        ("[student]\nlr = nan\n", "lr is between 0 and 1000, not nan."),
        ("only = ['student']\n", "No part of the experiment named 'student'."),
        ("only = ['longer']\n", "longer_epochs says for how many epochs"),
        ("a = \n", "is no TOML"),
        ("a = " + "[" * 100_000, "is no TOML"),
        ("a = '" + "x" * 1_000_000 + "'", "at most 1,000,000 bytes"),
    ],
)
def test_wrong_settings_are_told_in_one_sentence(tmp_path, text, told):
    path = tmp_path / "a.toml"
    path.write_text(text)
    with pytest.raises(SourceError) as raised:
        config_file.load(path)
    assert str(raised.value).startswith(f"{path}: ")
    assert told in str(raised.value)
    assert "\n" not in str(raised.value)[:200]


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(SourceError, match="No such file"):
        config_file.load(tmp_path / "a.toml")


def test_settings_are_checked_when_made():
    with pytest.raises(TrainingError, match=r"shapes\.kinds is between 1 and 5, not 9\."):
        Shapes(kinds=9)
    with pytest.raises(ConvlensError, match="each once"):
        DistillConfig(methods=("pkd", "pkd"))
    with pytest.raises(dataclasses.FrozenInstanceError):
        DistillConfig().seeds = (1,)


def test_steps_of_the_rate():
    training = Training(
        schedule="step", lr=1.0, lr_decay=0.1, lr_decay_epoch=(2, 3), warmup_steps=4, epochs=4
    )
    rates = [rate(training, step, 5) for step in range(20)]
    assert rates[:5] == [0.25, 0.5, 0.75, 1.0, 1.0]
    assert rates[9:16] == pytest.approx([1.0, 0.1, 0.1, 0.1, 0.1, 0.1, 0.01])


def test_the_cosine_of_the_rate():
    training = Training(schedule="cosine", lr=2.0, warmup_steps=0, epochs=10)
    assert rate(training, 0, 10) == 2.0
    assert rate(training, 50, 10) == pytest.approx(2 * (0.01 + 0.99 / 2))
    assert rate(training, 100, 10) == pytest.approx(0.02)
    assert not math.isnan(rate(Training(warmup_steps=0), 0, 1))


def test_the_names_tell_seeds_and_methods_apart(mx):
    from convlens.distill.experiment import jobs_of

    few = DistillConfig(only=("teacher", "baseline", "longer", "distilled"), longer_epochs=14)
    assert [job.name for job in jobs_of(few)] == ["teacher", "baseline", "baseline_longer", "distilled"]
    assert [job.training.epochs for job in jobs_of(few)] == [9, 9, 14, 9]
    many = DistillConfig(only=("baseline", "distilled"), methods=("pkd", "cwd+cosine"), seeds=(3, 5))
    names = [
        f"{name}_seed{seed}"
        for seed in (3, 5)
        for name in ("baseline", "distilled_pkd", "distilled_cwd+cosine")
    ]
    assert [job.name for job in jobs_of(many)] == names
