"""Logs made by hand for tests: lines as GluonCV's scripts print them, written out, and the run they make."""

from collections.abc import Iterable

from convlens import Run
from convlens.reader import read_bytes

START = "Start training from [Epoch {}]"


def start(epoch: int = 0) -> str:
    return f"Start training from [Epoch {epoch}]"


def arguments(**values: object) -> str:
    return f"Namespace({', '.join(f'{name}={value!r}' for name, value in values.items())})"


def batch(epoch: int, step: int, crossentropy: float, smooth: float = 1.0, speed: float = 100.0) -> str:
    """A batch line of SSD."""
    return (
        f"[Epoch {epoch}][Batch {step}], Speed: {speed:.3f} samples/sec, "
        f"CrossEntropy={crossentropy:.3f}, SmoothL1={smooth:.3f}"
    )


def close(epoch: int, crossentropy: float, smooth: float = 1.0, cost: float = 60.0) -> str:
    """A closing line of SSD."""
    return (
        f"[Epoch {epoch}] Training cost: {cost:.3f}, CrossEntropy={crossentropy:.3f}, SmoothL1={smooth:.3f}"
    )


def voc(epoch: int, mean: float, head: str = "Validation:") -> str:
    """A validation with two classes whose mean is the mAP."""
    return f"[Epoch {epoch}] {head}\naeroplane={mean - 0.1!r}\ntvmonitor={mean + 0.1!r}\nmAP={mean!r}"


def epoch(number: int, value: float, batches: int = 3) -> list[str]:
    """A whole epoch of SSD whose CrossEntropy ends at `value`, higher by a tenth on the lines before."""
    lines = [batch(number, 100 * n - 1, value + 0.1 * (batches - n)) for n in range(1, batches + 1)]
    return [*lines, close(number, value)]


def epochs(first: int, last: int, level: float = 5.0) -> list[str]:
    """Epochs whose values jump about, as those of a meter that is reset do."""
    return [line for n in range(first, last + 1) for line in epoch(n, level - 0.1 * n + 0.4 * (n % 2))]


def log(*lines: str | Iterable[str]) -> str:
    flat = [line for item in lines for line in ([item] if isinstance(item, str) else item)]
    return "\n".join(flat) + "\n"


def read(*lines: str | Iterable[str], path: str = "-") -> Run:
    """The run of some lines, kept in memory for its late tables."""
    return read_bytes(log(*lines).encode(), path, "made")


def codes(run: Run) -> list[str]:
    """The codes of a run's findings, in order."""
    return [finding.code for finding in run.findings]
