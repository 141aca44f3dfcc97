"""The whole program: `convlens run-distill`."""

import os
import random
import re
import resource
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from convlens import read_log
from convlens.cli.app import main
from convlens.distill import config_file

pytestmark = pytest.mark.usefixtures("mx")


def command(*arguments):
    return [sys.executable, "-W", "error", "-m", "convlens", "run-distill", *map(str, arguments)]


def run(*arguments, **options):
    return subprocess.run(command(*arguments), capture_output=True, text=True, check=False, **options)


@pytest.fixture
def invoke(monkeypatch, capsys):
    """Runs the program in this process, which need not import MXNet again: exit code, stdout, stderr."""

    def run(*arguments):
        monkeypatch.setenv("OMP_NUM_THREADS", "1")  # which the program sets: it is taken back
        monkeypatch.setattr(sys, "argv", ["convlens", "run-distill", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main()
        told = capsys.readouterr()
        return int(stopped.value.code or 0), told.out, told.err

    return run


@pytest.fixture(scope="module")
def settings(tiny, tmp_path_factory):
    path = tmp_path_factory.mktemp("settings") / "tiny.toml"
    config_file.save(tiny, path)
    return path


@pytest.fixture(scope="module")
def whole(settings, tmp_path_factory):
    """A run that nothing disturbed."""
    folder = tmp_path_factory.mktemp("whole")
    done = run("--config", settings, "-o", folder)
    assert (done.returncode, done.stderr) == (0, "")
    return folder, done.stdout


def test_three_logs_are_made_and_compared(whole):
    folder, out = whole
    for name in ("teacher", "baseline", "distilled"):
        assert read_log(folder / f"{name}.log").name == name
        assert (folder / f"{name}.toml").exists()
        assert (folder / f"{name}.params").exists()
    header, *rows = out.splitlines()
    assert header.split() == ["teacher", "baseline", "distilled"]
    assert any(row.startswith("final mAP [%]") for row in rows)
    assert "The gap that distilled closed:" in out
    assert f"The logs are in {folder}" in out


def test_settings_can_be_changed(settings, invoke, tmp_path):
    changes = [
        "--set",
        "student.epochs=1",
        "--set",
        "terms.pkd.weight=0.5",
        "--set",
        "student.network=resnet_w3",
    ]
    picks = ["--only", "baseline", "--methods", "pkd,none", "--seeds", "2", "--devices", "cpu:0"]
    code, _, err = invoke("--config", settings, "-o", tmp_path, *changes, *picks)
    assert (code, err) == (0, "")
    assert {p.name for p in tmp_path.glob("*.log")} == {"baseline_seed0.log", "baseline_seed1.log"}
    config = config_file.load(tmp_path / "baseline_seed1.toml")
    assert config.student.epochs == 1
    assert config.student.network == "resnet_w3"
    assert config.terms["pkd"]["weight"] == 0.5
    assert config.seeds == (1,)


def test_a_dry_run_says_what_would_be_done(settings, invoke, tmp_path):
    code, out, err = invoke("--config", settings, "-o", tmp_path / "new", "--dry-run")
    assert (code, err) == (0, "")
    validation, teacher, baseline, distilled = out.splitlines()
    assert validation == "validation: 16 images, 16 read, 0 broken"
    assert teacher.startswith(
        "teacher: resnet_w4, 40 images (40 read, 0 broken), 1 epochs of 5 steps, 5 in all"
    )
    assert "baseline: resnet_w2, 40 images" in baseline
    assert "distilled: resnet_w2 by adversarial+cosine" in distilled
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--set", "student.network=resnt"], 2, "No network named 'resnt'"),
        (["--set", "student.epoch=3"], 2, "No setting in student named 'epoch'. Did you mean 'epochs'?"),
        (["--set", "student"], 2, "a change is KEY=VALUE"),
        (["--methods", "pdk"], 2, "No method named 'pdk'. Did you mean 'pkd'?"),
        (["--devices", "gpu:0"], 1, "gpu:0 cannot be used"),
        (["--devices", "tpu"], 1, "Devices are named as cpu, cpu:0,1 or gpu:0,1, not 'tpu'."),
        (["--set", "data.dataset=voc", "--set", "data.root=/nowhere"], 1, "there is no folder '/nowhere'"),
        (["--set", "kvstore=dist_sync"], 1, "dist_sync works under a launcher"),
        (["--teacher-params", "/nowhere.params"], 1, "/nowhere.params: there is no such file of parameters."),
        (["--only", "pupil"], 2, "No part of the experiment named 'pupil'"),
    ],
)
def test_bad_input_is_told_in_one_sentence(settings, invoke, tmp_path, arguments, code, told):
    if "gpu:0" in arguments:
        from convlens.distill.gpus import find_gpus

        if find_gpus():
            pytest.skip("there is a GPU")
    stopped, out, err = invoke("--config", settings, "-o", tmp_path / "new", *arguments)
    assert (stopped, out) == (code, "")
    assert told in " ".join(err.replace("│", " ").split())
    assert list(tmp_path.rglob("*.log")) == []
    assert list(tmp_path.rglob("*.params")) == []


def test_preset_and_file_are_not_both(settings, invoke, tmp_path):
    code, _, err = invoke("--preset", "smoke", "--config", settings, "-o", tmp_path)
    assert code == 2
    assert "name one of shapes, shapes-few, smoke, voc, or a file with --config" in err


def test_a_full_disk_is_told(settings, tmp_path):
    """Files can have 20,000 bytes only: the first parameters do not fit."""

    def bounded():
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    done = run("--config", settings, "-o", tmp_path, "--only", "baseline", preexec_fn=bounded)
    assert done.returncode == 1
    assert "cannot be written whole: is the disk full?" in done.stderr
    assert "Traceback" not in done.stderr
    assert [p.name for p in tmp_path.iterdir() if p.name.endswith((".params", ".checkpoint"))] == []


def same(folder, whole):
    """Every epoch is there, and all figures are those of the undisturbed run."""
    for name in ("teacher", "baseline", "distilled"):
        log, expected = read_log(folder / f"{name}.log"), read_log(whole / f"{name}.log")
        assert log.summary.final == expected.summary.final
        assert log.summary.final_map == expected.summary.final_map
        assert list(log.curve.index) == list(expected.curve.index)
        for column in ("loss", "map", "lr"):
            np.testing.assert_array_equal(log.curve[column], expected.curve[column])


def kill_and_resume(settings, folder, seconds):
    process = subprocess.Popen(command("--config", settings, "-o", folder), stdout=subprocess.DEVNULL)
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = run("--config", settings, "-o", folder, "--resume")
    assert done.returncode == 0, done.stderr


def started(settings, folder):
    """A run of which a baseline's first checkpoint is there."""
    process = subprocess.Popen(
        command("--config", settings, "-o", folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 (jobs in the background have it off)
    )
    while process.poll() is None and not (folder / "baseline.checkpoint").exists():
        time.sleep(0.01)
    return process


def test_a_killed_run_goes_on(settings, whole, tmp_path):
    process = started(settings, tmp_path)
    process.kill()
    process.communicate()
    done = run("--config", settings, "-o", tmp_path, "--resume")
    assert done.returncode == 0, done.stderr
    same(tmp_path, whole[0])


def test_an_interrupted_run_says_how_to_go_on(settings, whole, tmp_path):
    process = started(settings, tmp_path)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate()
    assert process.returncode == 130
    assert told == "convlens: stopped; --resume goes on behind the last epoch that was complete\n"
    done = run("--config", settings, "-o", tmp_path, "--resume")
    assert done.returncode == 0, done.stderr
    same(tmp_path, whole[0])


@pytest.mark.slow
def test_killed_at_twenty_random_moments(settings, whole, tmp_path):
    begun = time.monotonic()
    subprocess.run(command("--config", settings, "-o", tmp_path / "timed"), check=True, capture_output=True)
    took = time.monotonic() - begun
    draw = random.Random(0)
    for number in range(20):
        kill_and_resume(settings, tmp_path / str(number), draw.uniform(0.2, 1) * took)
        same(tmp_path / str(number), whole[0])


def test_workers_under_a_parameter_server_agree(settings, tmp_path):
    """Two processes with half of each batch's images; the one that writes logs all epochs."""
    small = ["--set", "data.batch_size=4", "--only", "baseline", "--launch-local", "2"]
    done = run("--config", settings, "-o", tmp_path, *small, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert done.returncode == 0, done.stderr
    log = read_log(tmp_path / "baseline.log")
    assert log.summary.epochs == 2
    assert log.findings == ()
    assert np.isfinite(list(log.summary.final.values())).all()


@pytest.fixture
def devkit(mx, tmp_path):
    """A VOCdevkit of four images a list, one of which is broken."""
    from convlens.distill._mxnet import cv2

    xml = (
        "<annotation><object><name>dog</name><bndbox><xmin>11</xmin><ymin>21</ymin><xmax>61</xmax>"
        "<ymax>81</ymax></bndbox></object></annotation>"
    )
    for year, listed in (("2007", "trainval"), ("2012", "trainval"), ("2007", "test")):
        folder = tmp_path / f"VOC{year}"
        for name in ("Annotations", "JPEGImages", "ImageSets/Main"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        names = [f"{listed}{number}" for number in range(4)]
        (folder / f"ImageSets/Main/{listed}.txt").write_text("\n".join(names))
        for name in names:
            pixels = np.random.default_rng(0).integers(0, 256, (100, 120, 3)).astype(np.uint8)
            cv2.imwrite(str(folder / f"JPEGImages/{name}.jpg"), pixels)
            (folder / f"Annotations/{name}.xml").write_text(xml)
    (tmp_path / "VOC2012/JPEGImages/trainval3.jpg").write_bytes(b"broken")
    return tmp_path


def test_photographs_are_trained_on_and_broken_ones_told(devkit, settings, invoke, tmp_path):
    changes = {"data.dataset": "voc", "data.root": devkit, "data.size": 64, "data.batch_size": 4}
    changes |= {"data.splits": '["2007_trainval", "2012_trainval"]', "data.validation": '["2007_test"]'}
    given = [text for key, value in changes.items() for text in ("--set", f"{key}={value}")]
    code, _, err = invoke("--config", settings, "-o", tmp_path / "out", "--only", "baseline", *given)
    assert (code, err) == (0, "")
    log = read_log(tmp_path / "out/baseline.log")
    assert log.summary.epochs == 2
    assert log.summary.final_map is not None
    assert log.identity.dataset == "voc"
    told = re.findall(r"Passed over 1 images that cannot be read, the first: .*", log_text(tmp_path))
    assert len(told) == 1
    assert "trainval3.jpg: cannot be decoded" in told[0]


def log_text(folder):
    return (folder / "out/baseline.log").read_text()


@pytest.mark.slow
def test_the_recipe_of_the_published_case_runs_dry(devkit, invoke, tmp_path):
    given = [
        "--preset",
        "voc",
        "--devices",
        "cpu",
        "--set",
        f"data.root={devkit}",
        "--set",
        "data.batch_size=2",
    ]
    code, out, err = invoke(*given, "-o", tmp_path / "out", "--dry-run")
    assert (code, err) == (0, "")
    _, teacher, baseline, distilled = out.splitlines()
    assert "ssd_512_resnet50_v1, 8 images (8 read, 1 broken" in teacher
    assert "240 epochs of 4 steps" in teacher
    assert "ssd_512_mobilenet1.0, 8 images" in baseline
    assert "by adversarial+cosine" in distilled
    assert "221 epochs of 4 steps" in distilled
