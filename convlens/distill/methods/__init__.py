"""Methods of distillation, one file each. `a+b` is both; a new one is a file and a line in METHODS."""

from __future__ import annotations

from collections.abc import Mapping

from convlens.distill.config_file import as_table, build
from convlens.distill.methods.adversarial import Adversarial
from convlens.distill.methods.base import Method
from convlens.distill.methods.cosine import Cosine
from convlens.distill.methods.cwd import Cwd
from convlens.distill.methods.features import Features
from convlens.distill.methods.logits import Logits
from convlens.distill.methods.pkd import Pkd
from convlens.errors import TrainingError, UnknownNameError

METHODS: dict[str, type[Method]] = {
    "none": Method,
    "logits": Logits,
    "features": Features,
    "pkd": Pkd,
    "cwd": Cwd,
    "adversarial": Adversarial,
    "cosine": Cosine,
}


def make_methods(names: str, terms: Mapping[str, Mapping[str, object]]) -> dict[str, Method]:
    """The methods that `a+b` names, with their settings; UnknownNameError for what does not exist."""
    check_terms(terms)
    chosen = names.split("+")
    if len(set(chosen)) < len(chosen):
        raise TrainingError(f"{names} names a method twice.")
    return {name: _make(name, terms.get(name, {})) for name in chosen}


def check_terms(terms: Mapping[str, Mapping[str, object]]) -> None:
    """Raise an error for settings of no method, or of a wrong key or kind."""
    for name, settings in terms.items():
        _make(name, settings)


def complete_terms(
    names: tuple[str, ...], terms: Mapping[str, Mapping[str, object]]
) -> dict[str, dict[str, object]]:
    """The settings of the named methods with all their defaults."""
    used = dict.fromkeys(part for name in names for part in name.split("+"))
    return {name: as_table(_make(name, terms.get(name, {})).settings) for name in used if name != "none"}


def _make(name: str, settings: Mapping[str, object]) -> Method:
    if name not in METHODS:
        raise UnknownNameError("method", name, METHODS)
    kind = METHODS[name]
    return kind(build(kind.settings_type, settings, f"terms.{name}"))
