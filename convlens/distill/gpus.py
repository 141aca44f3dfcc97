"""The GPUs of this machine, as the driver tells them, and what MXNet's builds can do on them."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

# Read off the wheels of mxnet-cu112 and mxnet-cu117 1.9.1: machine code for these, and no PTX to compile.
COMPILED_FOR = ((5, 0), (6, 0), (7, 0), (8, 0), (8, 6))
_MAJOR, _MINOR = 75, 76  # CUdevice_attribute: compute capability


@dataclass(frozen=True)
class Gpu:
    """One GPU: its name and compute capability."""

    name: str
    capability: tuple[int, int]

    @property
    def supported(self) -> bool:
        """Whether MXNet 1.9.1 has machine code for it: that of its major version, no newer in the minor."""
        major, minor = self.capability
        return any(major == m and minor >= n for m, n in COMPILED_FOR)

    def __str__(self) -> str:
        return f"{self.name} (compute capability {self.capability[0]}.{self.capability[1]})"


def find_gpus(library: str = "libcuda.so.1") -> list[Gpu] | None:
    """The GPUs that the driver knows, None where there is no driver (or none that answers)."""
    try:
        cuda = ctypes.CDLL(library)
    except OSError:
        return None
    count = ctypes.c_int()
    if cuda.cuInit(0) or cuda.cuDeviceGetCount(ctypes.byref(count)):
        return None
    return [_gpu(cuda, ordinal) for ordinal in range(count.value)]


def _gpu(cuda: ctypes.CDLL, ordinal: int) -> Gpu:
    device, major, minor = ctypes.c_int(), ctypes.c_int(), ctypes.c_int()
    name = ctypes.create_string_buffer(256)
    cuda.cuDeviceGet(ctypes.byref(device), ordinal)
    cuda.cuDeviceGetName(name, len(name), device)
    cuda.cuDeviceGetAttribute(ctypes.byref(major), _MAJOR, device)
    cuda.cuDeviceGetAttribute(ctypes.byref(minor), _MINOR, device)
    return Gpu(name.value.decode("utf-8", errors="replace"), (major.value, minor.value))
