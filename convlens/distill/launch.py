"""Several workers on this machine under MXNet's parameter server: scheduler, server, N workers."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from convlens.distill import config_file
from convlens.distill.config import DistillConfig
from convlens.errors import TrainingError

_SERVE = "from convlens.distill import _mxnet"  # MXNet serves on import where DMLC_ROLE says so, then exits


def launch_local(config: DistillConfig, folder: Path, workers: int, resume: bool) -> None:
    """Train each part of an experiment by `workers` processes; each gets a batch of its own in every step."""
    if len(config.seeds) > 1 or len(config.methods) > 1:
        raise TrainingError("--launch-local trains one seed and one method at a time.")
    for role in config.only:
        one = replace(config, only=(role,), kvstore="dist_sync")
        if role == "distilled" and not one.teacher.params:
            params = str((folder / "teacher.params").resolve())
            one = replace(one, teacher=replace(one.teacher, params=params))
        _together(one, folder, workers, resume)


def _together(config: DistillConfig, folder: Path, workers: int, resume: bool) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / "worker.toml"
        config_file.save(config, path)
        work = [sys.executable, "-m", "convlens", "run-distill", "--config", str(path), "-o", str(folder)]
        work += ["--resume"] * resume
        serve = [sys.executable, "-c", _SERVE]
        environment = os.environ | {
            "DMLC_PS_ROOT_URI": "127.0.0.1",
            "DMLC_PS_ROOT_PORT": str(_free_port()),
            "DMLC_NUM_SERVER": "1",
            "DMLC_NUM_WORKER": str(workers),
            "DMLC_INTERFACE": "lo",
        }
        roles = [("scheduler", serve), ("server", serve), *[("worker", work)] * workers]
        started = [subprocess.Popen(c, env=environment | {"DMLC_ROLE": role}) for role, c in roles]  # noqa: S603 (own program)
        try:
            codes = [process.wait() for process in started[2:]]
            if any(codes):
                raise TrainingError(f"A worker ended with exit code {next(filter(None, codes))}; see above.")
            for process in started[:2]:
                process.wait(timeout=60)
        finally:
            for process in started:
                if process.poll() is None:
                    process.kill()
                process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
