"""The one gate to MXNet and GluonCV, with what they need to be imported today.

`from convlens.distill._mxnet import gluoncv, mx` gives both (and OpenCV, `cv2`) or raises NotInstalledError,
which says what to install. MXNet 1.9.1 (2022) uses aliases that NumPy dropped in 1.24; GluonCV's OpenCV needs
the system's libGL; the GPU builds need CUDA's libraries, which the extra `distill-cu117` brings from PyPI.
"""

from __future__ import annotations

import ctypes
import os
import warnings
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from convlens.errors import NotInstalledError

BUILDS = ("mxnet", "mxnet-cu112", "mxnet-cu117")
_ALIASES = {"bool": bool, "int": int, "float": float, "complex": complex, "object": object, "str": str}
# In the order in which they need each other.
_CUDA = ("cuda_nvrtc", "cuda_runtime", "nvtx", "cublas", "cufft", "curand", "cusparse", "cusolver", "cudnn")
_WHAT = "The runner needs MXNet and GluonCV"
_EXTRA = "pip install 'convlens[distill]' (Linux on x86-64, Python 3.11 or 3.12)"


def installed_build() -> str | None:
    """The name of the installed MXNet package, None if there is none."""
    return next((name for name in BUILDS if version(name)), None)


def version(package: str) -> str | None:
    """The version of an installed package, None if it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def cuda_libraries() -> Iterator[Path]:
    """CUDA's libraries from PyPI's packages, each after those that it needs."""
    try:
        import nvidia  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        return
    for name in (*_CUDA, "nccl"):
        for folder in nvidia.__path__:
            yield from sorted(Path(folder, name, "lib").glob("*.so*"))


def _load() -> tuple[Any, Any, Any]:
    build = installed_build()
    if build is None or version("gluoncv") is None:
        raise NotInstalledError(_WHAT, _EXTRA)
    if np.lib.NumpyVersion(np.__version__) >= "2.0.0":
        raise NotInstalledError(f"MXNet 1.9.1 cannot use NumPy {np.__version__}", "pip install 'numpy<2'")
    for name, kind in _ALIASES.items():
        if name not in vars(np):
            setattr(np, name, kind)
    if build != "mxnet":
        for path in cuda_libraries():
            ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)
    os.environ.setdefault("MXNET_CUDNN_AUTOTUNE_DEFAULT", "0")  # else one seed gives two logs on a GPU
    # Deprecations that nobody will repair, later ones too.
    warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"(mxnet|gluoncv)\b")
    with warnings.catch_warnings(action="ignore"):
        try:
            import cv2
            import gluoncv
            import mxnet
        except (ImportError, OSError) as error:
            raise NotInstalledError(_cannot(error), _way_out(str(error))) from None
    cv2.setNumThreads(1)  # loaders have threads of their own
    return mxnet, gluoncv, cv2


def _cannot(error: Exception) -> str:
    return f"{_WHAT}, which are installed but cannot be imported ({str(error).splitlines()[0]})"


def _way_out(why: str) -> str:
    if "libcuda.so" in why:
        return "NVIDIA's driver, or for training on the CPU: pip uninstall mxnet-cu117 && pip install mxnet"
    if "libGL" in why or "libgthread" in why or "libglib" in why:
        return "apt-get install libgl1 libglib2.0-0 (or your system's packages of these libraries)"
    if "distutils" in why:
        return "pip install setuptools"
    return _EXTRA


mx, gluoncv, cv2 = _load()
