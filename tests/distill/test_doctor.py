"""The gate, the GPUs as a driver tells them, and `convlens doctor`."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from convlens.distill.doctor import _gpu_facts, examine
from convlens.distill.gpus import Gpu, find_gpus

# A driver that knows two GPUs: it answers as libcuda.so.1 does.
DRIVER = """
#include <string.h>
int cuInit(unsigned flags) { return flags != 0; }
int cuDeviceGetCount(int *count) { *count = 2; return 0; }
int cuDeviceGet(int *device, int ordinal) { *device = ordinal; return 0; }
int cuDeviceGetName(char *name, int length, int device) {
    strncpy(name, device ? "Hopper" : "Ada", length); return 0;
}
int cuDeviceGetAttribute(int *value, int attribute, int device) {
    *value = attribute == 75 ? (device ? 9 : 8) : attribute == 76 ? (device ? 0 : 9) : -1; return 0;
}
"""


@pytest.fixture
def driver(tmp_path):
    compiler = shutil.which("cc")
    if not compiler:
        pytest.skip("builds a stand-in for NVIDIA's driver: there is no C compiler")
    (tmp_path / "cuda.c").write_text(DRIVER)
    library = tmp_path / "libcuda.so.1"
    command = [compiler, "-shared", "-fPIC", "-o", str(library), str(tmp_path / "cuda.c")]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return str(library)


def test_the_driver_is_asked(driver):
    assert find_gpus(driver) == [Gpu("Ada", (8, 9)), Gpu("Hopper", (9, 0))]


def test_no_driver_is_no_error():
    assert find_gpus("libnothing-of-that-name.so") is None


@pytest.mark.parametrize(
    ("capability", "supported"),
    [
        ((3, 7), False),  # Kepler
        ((5, 2), True),  # Maxwell
        ((6, 1), True),
        ((7, 5), True),  # Turing runs Volta's code
        ((8, 0), True),
        ((8, 9), True),  # Ada
        ((9, 0), False),  # Hopper
        ((12, 0), False),  # Blackwell
    ],
)
def test_what_the_builds_can_drive(capability, supported):
    assert Gpu("", capability).supported is supported


def test_a_gpu_is_judged_by_the_build():
    ada, hopper = Gpu("Ada", (8, 9)), Gpu("Hopper", (9, 0))
    with_gpu_build = list(_gpu_facts([ada, hopper], "mxnet-cu117"))
    assert [fact.ok for fact in with_gpu_build] == [True, None]
    assert "cannot" not in with_gpu_build[0].text
    assert "no build of MXNet 1.9.1 can drive it" in with_gpu_build[1].text
    (on_cpu_build,) = _gpu_facts([ada], "mxnet")
    assert on_cpu_build.ok is None
    assert "distill-cu117" in on_cpu_build.text


def test_doctor_says_what_to_install_where_it_is_missing(tmp_path):
    """Without its metadata MXNet is not installed for the gate, whatever could be imported."""
    code = (
        "import importlib.metadata as m, sys\n"
        "real = m.version\n"
        "def gone(name):\n"
        "    if name.startswith(('mxnet', 'gluoncv')): raise m.PackageNotFoundError(name)\n"
        "    return real(name)\n"
        "m.version = gone\n"
        "sys.argv = ['convlens', 'doctor']\n"
        "from convlens.cli.app import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "NO  MXNet, GluonCV" in done.stdout
    assert "pip install 'convlens[distill]'" in done.stdout
    assert done.stderr == ""


def test_mxnet_works_here(mx):
    facts = {fact.what: fact for fact in examine()}
    assert all(facts[name].ok for name in ("system", "NumPy", "MXNet", "GluonCV", "CPU"))
    assert facts["MXNet"].text.startswith(mx.__version__)


def test_the_aliases_that_the_gate_sets_change_nothing_else(mx):
    assert np.dtype(np.bool) == np.dtype("bool")
    assert np.zeros(1, np.float64).dtype == np.float64


def test_the_command(mx):
    command = [sys.executable, "-W", "error", "-m", "convlens", "doctor", "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert {fact["what"] for fact in told["facts"]} >= {"system", "NumPy", "MXNet", "GluonCV", "CPU", "GPU"}
