"""Made logs, and two ways to run the program on them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from convlens.cli.app import main
from tests.writing import made_log, ssd_log, yolo_log


@dataclass(frozen=True)
class Done:
    """What a run of the program gave back."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def logs(tmp_path_factory) -> Path:
    """A folder of logs: a, b, repeats of a, another length, other families, and what is no log."""
    folder = tmp_path_factory.mktemp("logs")
    vgg = {"network": "vgg16_atrous", "save_prefix": "ssd_512_vgg16_atrous_voc"}
    steps = [(5 - 0.1 * n, 2 - 0.05 * n) for n in range(10)]
    made = {
        "a.log": ssd_log(seed=1),
        "b.log": ssd_log(seed=2, **vgg),
        "short.log": ssd_log(epochs=8, seed=5),
        "seeds/s1.log": ssd_log(seed=1),
        "seeds/s2.log": ssd_log(seed=2),
        "seeds/s3.log": ssd_log(seed=3),
        "runs/x/train.log": ssd_log(seed=1),
        "runs/y/train.log": ssd_log(seed=2, **vgg),
        "coco1.log": made_log(steps, [None, 20.0] * 5, coco=True, rates={6: 0.01}),
        "coco2.log": made_log(steps, [None, 30.0] * 5, coco=True, lr=0.2),
        "yolo.log": yolo_log([5.0, 4.0, 3.0, 3.0, 3.0, 3.0, 3.0], [None] * 6 + [60.0]),
        "bad.log": "hello\nworld\n",
        "empty.log": "",
    }
    for name, text in made.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def convlens(logs) -> Callable[..., Done]:
    """Runs the whole program as a user does, in the folder of logs."""

    def run(*arguments: str, cwd: Path = logs, given: str = "", **environment: str) -> Done:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-m", "convlens", *arguments],
            input=given,
            cwd=cwd,
            env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def invoke(logs, monkeypatch, capsys) -> Callable[..., Done]:
    """Runs the program in this process, which is many times faster, in the folder of logs."""

    def run(*arguments: str, cwd: Path = logs) -> Done:
        monkeypatch.chdir(cwd)
        monkeypatch.setattr(sys, "argv", ["convlens", *arguments])
        with pytest.raises(SystemExit) as stopped:
            main()
        told = capsys.readouterr()
        return Done(int(stopped.value.code or 0), told.out, told.err)

    return run
