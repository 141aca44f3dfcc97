"""A run beside the published run of the same network on the same data."""

from __future__ import annotations

from dataclasses import dataclass

from convlens import zoo
from convlens.analysis.comparison.comparison import Comparison, compare
from convlens.analysis.comparison.differences import Difference
from convlens.analysis.comparison.parting import Parting, part
from convlens.analysis.comparison.repeats import is_same_log
from convlens.errors import ConvlensError
from convlens.run import Run


@dataclass(frozen=True)
class AgainstPublished:
    """A run, the published run of its identity, and for each quantity of both where their curves part.

    `comparison` has the published run for its reference.
    """

    run: Run
    published: Run
    comparison: Comparison
    partings: tuple[Parting, ...]

    @property
    def shared_epochs(self) -> int:
        """After how many epochs the two are compared: as many as both completed."""
        return self.comparison.shared_epochs or self.published.summary.epochs

    @property
    def differences(self) -> tuple[Difference, ...]:
        """How the run differs from the published one after the last epoch that both completed."""
        return self.comparison.at_shared or self.comparison.differences


def against_published(run: Run) -> AgainstPublished:
    """Find the published run of the same identity and compare with it.

    Of several it is the one whose arguments differ least. Raises ConvlensError where there is none.
    """
    published = _counterpart(run)
    comparison = compare([published, run], separate=True)
    shared = [d.quantity for d in comparison.differences if not d.note]
    partings = tuple(part(run, published, quantity) for quantity in shared)
    return AgainstPublished(run, published, comparison, partings)


def _counterpart(run: Run) -> Run:
    found = [zoo.load(name) for name in zoo.same_identity(run.identity)]
    others = [other for other in found if not is_same_log(other, run)]
    if found and not others:
        raise ConvlensError(f"{run.name}: this is the published log itself; there is no other of its kind.")
    if not others:
        raise ConvlensError(f"{run.name}: there is no published run of {run.identity}{_closest(run)}.")
    return min(others, key=lambda other: sum(other.config.get(k) != v for k, v in run.config.items()))


def _closest(run: Run) -> str:
    identity = run.identity
    if identity.task != "detection":
        alike = zoo.select(task=identity.task)
    else:
        alike = zoo.select(family=identity.detector) if identity.detector else []
    known = [e.name for e in alike if e.dataset == run.identity.dataset and e.name in zoo.snapshot_names()]
    return f"; the closest are {', '.join(known[:5])}" if known else ""
