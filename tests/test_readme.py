"""README.md: its commands run, its code runs, and what it says is so."""

import dataclasses
import json
import re
import shlex
import sys

import pytest

import convlens
from convlens.analysis.convergence.verdicts import Verdict
from convlens.cli.app import main
from convlens.run import Summary
from convlens.sources import cache
from convlens.sources.http import Answer
from tests.commands import commands
from tests.formats import made
from tests.readme import ROOT, TEXT
from tests.writing import ssd_log


def blocks(language):
    return re.findall(rf"(?ms)^```{language}\n(.*?)^```", TEXT)


def section(title):
    return TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def words(text):
    """What stands in backquotes."""
    return re.findall(r"`([^`\n]+)`", text)


def table(header):
    """The rows of the table that begins with this header, as lists of cells."""
    lines = TEXT.partition(f"| {header} |")[2].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


SHELL = [line.partition("#")[0].strip() for block in blocks("sh") for line in block.splitlines()]


COMMANDS = [line for line in SHELL if line.startswith("convlens ")]


@pytest.fixture
def folder(tmp_path, tmp_path_factory, monkeypatch):
    """A folder that holds the logs of the examples; their URL gives a log too."""
    monkeypatch.setenv("CONVLENS_CACHE", str(tmp_path_factory.mktemp("cache")))
    fetched = Answer(ssd_log(seed=7).encode(), None, None)
    monkeypatch.setattr(cache, "get", lambda *_, **__: fetched)
    vgg = {"network": "vgg16_atrous", "save_prefix": "ssd_512_vgg16_atrous_voc"}
    logs = {"a.log": {}, "b.log": vgg, "my.log": {"lr": 0.002}, "runs/a.log": {}, "runs/b.log": vgg}
    for name, arguments in logs.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(ssd_log(**arguments), encoding="utf-8")
    frameworks = {
        "work_dirs/r50/20240101_000000.log.json": made.mmdetection_json(),
        "detect/train/results.csv": made.LOGS["ultralytics v8.3"],
        "a.csv": b"step,train/total,val/mAP\n1,2.5,12.5\n2,1.5,25\n",
        "b.csv": b"step,train/total,val/mAP\n1,2.25,12.5\n2,1.25,25\n",
    }
    for name, data in frameworks.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(command, monkeypatch, capsys):
    """Exit code and standard output of a command; nothing may stand on standard error."""
    monkeypatch.setattr(sys, "argv", shlex.split(command))
    with pytest.raises(SystemExit) as stopped:
        main()
    told = capsys.readouterr()
    assert told.err == ""
    return stopped.value.code, told.out


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_run(folder, monkeypatch, capsys, command):
    before = {p.name for p in folder.iterdir()}
    code, out = run(command, monkeypatch, capsys)
    assert code == 0
    files = {p.name for p in folder.iterdir()} - before
    if " -o a.csv" in command:
        assert files == {f"a_{name}.csv" for name in ("curve", "epochs", "validation", "class_ap", "batches")}
    elif match := re.search(r"(?:-o|--plot) (\S+)", command):
        assert files == {match[1]}
    assert bool(out) == (" -o " not in command or command.startswith("convlens report"))


def test_other_commands_are_make_targets():
    rest = [line for line in SHELL if line and line not in COMMANDS]
    assert all(line.startswith("make ") for line in rest)
    targets = set(re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8")))
    assert {line.split()[1] for line in rest} <= targets
    assert set(re.findall(r"`make ([a-z-]+)`", TEXT)) <= targets


@pytest.mark.parametrize("code", blocks("python"))
def test_python_runs(folder, capsys, code):
    exec(compile(code, "README.md", "exec"), {})
    assert capsys.readouterr().out


def test_every_command_is_named_and_every_named_command_is_there():
    told = [line.removeprefix("convlens ") for line in COMMANDS] + re.findall(r"`convlens ([^`]+)`", TEXT)
    named = {next((name for name in commands() if f"{line} ".startswith(f"{name} ")), line) for line in told}
    assert named == set(commands())


def test_every_option_is_named_and_every_named_option_is_there():
    options = [set(p.opts) for command in commands().values() for p in command.params if "-" in p.opts[0]]
    named = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*(?![\w-])", section("Commands")))
    assert [opts for opts in options if not opts & named] == []
    assert named <= set.union(*options)


def test_public_names_are_those_of_the_package():
    named = [re.match(r"`(\w+)", cells[0])[1] for cells in table("name | what it is")]
    assert sorted(named) == sorted(convlens.__all__)
    comparison = convlens.compare("ssd_512_mobilenet1.0_coco", "ssd_512_resnet50_v1_coco")
    told = dict(table("name | what it is"))["`compare(a, b, …)`"]
    attributes = re.findall(r"`\.(\w+)", told)
    assert len(attributes) == 6
    assert all(hasattr(comparison, name) for name in attributes)


def test_tables_are_those_of_a_run(folder):
    run_of_log = convlens.read_log("a.log")
    rows = table("table | key | columns")
    assert {cells[0].strip("`") for cells in rows} == {
        "curve", "resolution", "epochs", "validation", "class_ap", "batches",
    }  # fmt: skip
    for name, key, columns in rows:
        frame = getattr(run_of_log, name.strip("`"))
        assert list(frame.index.names) == key.split(", ")
        named = {word for word in words(columns) if not re.match(r"(map_|ar_)", word)} - {"curve"}
        assert named <= set(frame.columns)
    coco = convlens.read_log("ssd_512_resnet50_v1_coco").validation
    assert {"map", "map_50", "map_75", "map_small", "ar_1"} <= set(coco.columns)


def test_the_parts_of_a_run_are_named():
    text = section("From Python")
    sentence = re.search(r"(?s)`summary` holds (.*?)\. Scores", text)[1]
    assert words(sentence) == [field.name for field in dataclasses.fields(Summary)]
    published = convlens.read_log("ssd_512_resnet50_v1_coco")
    parts = re.search(r"(?s)A `Run` has (.*?) and tables", text)[1]
    assert all(hasattr(published, name) for name in words(parts))
    assert "`run.session_curve(k)`" in text
    assert len(published.session_curve(0)) == 240


def test_keys_of_the_json_are_those_that_are_told(folder, monkeypatch, capsys):
    text = section("What `--format json` holds")
    (folder / "short.log").write_text(ssd_log(epochs=8, lr=0.3))
    command = "convlens compare a.log b.log short.log --classes 1 --format json"
    document = json.loads(run(command, monkeypatch, capsys)[1])
    opening, runs, differences, stages, others, against = re.split(r"\n- ", text)
    finding = re.search(r"`findings` \((.*?)\)", runs, re.DOTALL)
    of_repeats = re.search(r"`final_map_of_repeats` \((.*?)\)", runs, re.DOTALL)
    plain = runs.replace(finding[1], "").replace(of_repeats[1], "").partition(":")[2]
    assert words(plain) == list(document["runs"][0])
    assert words(of_repeats[1]) == list(document["runs"][0]["final_map_of_repeats"])
    assert words(differences.partition(":")[2]) == list(document["differences"][0])
    assert list(document["at_shared_epochs"][0]) == list(document["differences"][0])
    top = [*words(opening), *words(runs.partition(":")[0])[:1], *words(differences.partition(":")[0])]
    assert words(stages)[1:] == list(document["stages"][0])
    top += [words(stages)[0], *words(others), *words(against.partition(":")[0])]
    assert sorted(top) == sorted(document)
    stopped = (folder / "a.log").read_text().partition("[Epoch 9]")[0]
    (folder / "stopped.log").write_text(stopped)
    document = json.loads(run("convlens compare stopped.log b.log --format json", monkeypatch, capsys)[1])
    assert words(finding[1]) == list(document["runs"][0]["findings"][0])


def test_keys_of_the_json_against_the_zoo_are_those_that_are_told(folder, monkeypatch, capsys):
    told = re.search(r"(?s)\n- `against_zoo`: (.*?)\n\n", section("What `--format json` holds"))[1]
    inner = re.search(r"(?s)`quantities` \((.*?)\)", told)[1]
    command = "convlens compare a.log --against-zoo --format json"
    [found] = json.loads(run(command, monkeypatch, capsys)[1])["against_zoo"]
    assert words(told.replace(inner, "")) == list(found)
    assert words(inner) == list(found["quantities"][0])


def test_keys_of_the_json_of_the_zoo_are_those_that_are_told(monkeypatch, capsys):
    told = re.search(r"(?s)`zoo list` has `logs`: (.*?)\n\n", section("What `--format json` holds"))[1]
    inner = re.search(r"(?s)`published`\s+\((.*?)\)", told)[1]
    _, out = run("convlens zoo list ssd_512_resnet50_v1_coco --format json", monkeypatch, capsys)
    [log] = json.loads(out)["logs"]
    assert words(told.replace(inner, "")) == list(log)
    assert words(inner) == list(log["published"][0])


@pytest.mark.parametrize(
    ("command", "named_by_users"),
    [
        ("correlate a.log b.log runs300/", {"losses", "differs", "left_out", "of_a_tenth_by_group"}),
        ("forecast my.log", set()),
        ("gap a.log my.log b.log", {"differs"}),
    ],
)
def test_keys_of_other_documents_are_those_that_are_told(
    folder, monkeypatch, capsys, command, named_by_users
):
    """Maps whose keys are names of losses, runs and arguments have no keys to tell."""
    (folder / "runs300").mkdir()
    for number in range(4):
        made = ssd_log(seed=number, wd=number, data_shape=300, save_prefix="ssd_300_resnet50_v1_voc")
        (folder / "runs300" / f"{number}.log").write_text(made)
    document = json.loads(run(f"convlens {command} --format json", monkeypatch, capsys)[1])

    def keys(value, name=""):
        if isinstance(value, list):
            return set().union(*(keys(item) for item in value))
        if not isinstance(value, dict):
            return set()
        own = set() if name in named_by_users else set(value)
        return own.union(*(keys(item, key) for key, item in value.items()))

    name = command.partition(" ")[0]
    [told] = re.findall(rf"(?ms)^`{name}` has (.*?)\n\n", section("What `--format json` holds"))
    assert set(words(told)) | {"schema", "convlens", "command"} == keys(document)


def test_the_attributes_of_results_are_there(folder):
    rows = dict(table("name | what it is"))
    results = {
        "`correlate(a, b, …)`": convlens.correlate("a.log", "b.log"),
        "`diagnose(run)`": convlens.diagnose("a.log"),
        "`forecast(run, epoch)`": convlens.forecast(convlens.read_log("a.log")),
        "`gap(baseline, improved, reference)`": convlens.gap("a.log", "my.log", "b.log"),
    }
    for name, result in results.items():
        attributes = re.findall(r"`\.(\w+)", rows[name])
        assert len(attributes) > 3
        assert all(hasattr(result, attribute) for attribute in [*attributes, "plot"])


def test_keys_of_a_diagnosis_are_those_that_are_told(folder, monkeypatch, capsys):
    told = re.search(r"(?s)\n`diagnose` gives (.*)", section("What `--format json` holds"))[1]
    inner = re.search(r"(?s)`schedule` \((.*?)\)", told)[1]
    document = json.loads(run("convlens diagnose a.log --format json", monkeypatch, capsys)[1])
    [found] = document["runs"]
    assert words(told.replace(inner, "")) == ["runs", *found]
    assert words(inner) == list(found["schedule"])


def test_verdicts_are_those_that_are_told():
    told = [word for cells in table("verdict | what it means") for word in words(cells[0])]
    assert told == [str(v) for v in Verdict]


def test_parts_of_a_diagnosis_are_those_that_are_told(folder):
    told = re.findall(r"`\.(\w+)", dict(table("name | what it is"))["`diagnose(run)`"])
    diagnosis = convlens.diagnose("a.log")
    assert all(hasattr(diagnosis, name) for name in told)


def test_the_table_at_the_top_is_what_is_printed(folder, monkeypatch, capsys):
    shown = TEXT.partition("prints, among more:\n\n```\n")[2].partition("```")[0]
    _, out = run("convlens compare ssd_512_mobilenet1.0_coco ssd_512_resnet50_v1_coco", monkeypatch, capsys)
    printed = [line.rstrip() for line in out.splitlines()]
    missing = [line for line in shown.splitlines() if line.rstrip() not in printed]
    assert missing == []
    assert len(shown.splitlines()) > 6
