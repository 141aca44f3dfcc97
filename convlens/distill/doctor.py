"""What works here and what would have to be installed, for `convlens doctor`."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from convlens.distill.gpus import COMPILED_FOR, Gpu, find_gpus
from convlens.errors import ConvlensError


@dataclass(frozen=True)
class Fact:
    """One thing that was looked at: `ok` is None for what the runner can do without."""

    what: str
    ok: bool | None
    text: str


def examine() -> list[Fact]:
    """Look at Python, NumPy, MXNet, GluonCV and the GPUs, import them and train one step."""
    return list(_facts())


def _facts() -> Iterator[Fact]:
    system = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    fits = sys.platform == "linux" and platform.machine() == "x86_64" and sys.version_info < (3, 13)
    yield Fact("system", fits, system + ("" if fits else ": MXNet needs Linux, x86-64, Python up to 3.12"))
    yield Fact(
        "NumPy",
        np.__version__ < "2",
        np.__version__ + ("" if np.__version__ < "2" else ": MXNet needs NumPy 1"),
    )
    try:
        from convlens.distill import _mxnet
    except ConvlensError as error:
        yield Fact("MXNet, GluonCV", False, str(error))
        yield from _gpu_facts(find_gpus(), None)
        return
    build = _mxnet.installed_build() or "mxnet"
    yield Fact("MXNet", True, f"{_mxnet.mx.__version__} (package {build})")
    yield Fact("GluonCV", True, _mxnet.version("gluoncv") or "?")
    yield _computes(_mxnet.mx, _mxnet.mx.cpu(), "CPU")
    gpus = find_gpus()
    yield from _gpu_facts(gpus, build)
    if build != "mxnet":
        for number, gpu in enumerate(gpus or []):
            if gpu.supported:
                yield _computes(_mxnet.mx, _mxnet.mx.gpu(number), f"GPU {number}")


def _computes(mx: Any, device: Any, name: str) -> Fact:
    """Whether a convolution and its gradient run on a device and give what they must: ones give 9 = 3 x 3."""
    try:
        image = mx.nd.ones((1, 1, 3, 3), ctx=device)
        kernel = mx.nd.ones((1, 1, 3, 3), ctx=device)
        kernel.attach_grad()
        with mx.autograd.record():
            out = mx.nd.Convolution(image, kernel, no_bias=True, kernel=(3, 3), num_filter=1)
        out.backward()
        right = out.asscalar() == 9 and kernel.grad.sum().asscalar() == 9
    except mx.MXNetError as error:
        return Fact(name, False, f"a convolution fails: {str(error).strip().splitlines()[-1]}")
    return Fact(name, bool(right), "a convolution and its gradient are " + ("right" if right else "WRONG"))


def _gpu_facts(gpus: list[Gpu] | None, build: str | None) -> Iterator[Fact]:
    if gpus is None:
        yield Fact("GPU", None, "no NVIDIA driver answers: training runs on the CPU")
        return
    for gpu in gpus:
        if not gpu.supported:
            held = ", ".join(f"{major}.{minor}" for major, minor in COMPILED_FOR)
            text = f"{gpu}: no build of MXNet 1.9.1 can drive it (they hold code for {held})"
            yield Fact("GPU", None, text)
        elif build in {None, "mxnet"}:
            text = f"{gpu}: MXNet can drive it with another build: pip install 'convlens[distill-cu117]'"
            yield Fact("GPU", None, text)
        else:
            yield Fact("GPU", True, f"{gpu}: {build} holds code for it")
