"""Checkpoints: all that a run needs to go on, as named arrays in one file that is replaced whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from convlens.distill._mxnet import mx
from convlens.errors import TrainingError
from convlens.files import written_whole

Arrays = dict[str, Any]


def write(
    path: Path, blocks: Mapping[str, Any], trainers: Mapping[str, Any], numbers: Mapping[str, float]
) -> None:
    """Save blocks, the state of their optimizers, and a few numbers."""
    arrays: Arrays = {
        f"number/{name}": mx.nd.array([value], dtype="float64") for name, value in numbers.items()
    }
    for name, block in blocks.items():
        for key, parameter in block._collect_params_with_prefix().items():
            arrays[f"block/{name}/{key}"] = parameter._reduce()
    for name, trainer in trainers.items():
        arrays |= {f"trainer/{name}/{key}": value for key, value in _states(trainer).items()}
    with saved_whole(path) as temporary:
        mx.nd.save(str(temporary), arrays)


@contextmanager
def saved_whole(path: Path) -> Iterator[Path]:
    """`written_whole` for what MXNet saves, read once: MXNet does not see a disk that fills up."""
    try:
        with written_whole(path) as temporary:
            yield temporary
            mx.nd.load(str(temporary))
    except mx.MXNetError:
        raise TrainingError(f"{path}: cannot be written whole: is the disk full?") from None


def read(path: Path) -> Arrays:
    """The arrays of a checkpoint."""
    try:
        return dict(mx.nd.load(str(path)))
    except (mx.MXNetError, AttributeError, ValueError):
        raise TrainingError(f"{path}: is no checkpoint that can be read.") from None


def number(arrays: Arrays, name: str) -> float:
    """One of the numbers of a checkpoint."""
    return float(arrays[f"number/{name}"].asscalar())


def restore(arrays: Arrays, blocks: Mapping[str, Any], trainers: Mapping[str, Any]) -> None:
    """Give blocks and optimizers the state of a checkpoint; TrainingError where it is of other ones."""
    try:
        for name, block in blocks.items():
            for key, parameter in block._collect_params_with_prefix().items():
                parameter.set_data(arrays[f"block/{name}/{key}"])
        for name, trainer in trainers.items():
            _set_states(trainer, _below(arrays, f"trainer/{name}/"))
    except (KeyError, AssertionError, mx.MXNetError):
        raise TrainingError("The checkpoint is of another network or method.") from None


def _below(arrays: Arrays, prefix: str) -> Arrays:
    return {key.removeprefix(prefix): value for key, value in arrays.items() if key.startswith(prefix)}


def _states(trainer: Any) -> Arrays:
    """An optimizer's arrays: `index/part` for each parameter, and how many updates there were."""
    arrays: Arrays = {"updates": mx.nd.array([trainer._optimizer.num_update], dtype="float64")}
    for index, state in trainer._updaters[0].states.items():
        parts = state if isinstance(state, list | tuple) else [state]
        arrays |= {f"{index}/{part}": value for part, value in enumerate(parts) if value is not None}
    return arrays


def _set_states(trainer: Any, arrays: Arrays) -> None:
    updates = int(arrays.pop("updates").asscalar())
    trainer._optimizer.begin_num_update = trainer._optimizer.num_update = updates
    parts: dict[int, dict[int, Any]] = {}
    for key, value in arrays.items():
        place, part = key.split("/")
        parts.setdefault(int(place), {})[int(part)] = value
    if not trainer._kv_initialized:
        trainer._init_kvstore()
    for updater, device in zip(trainer._updaters, trainer._contexts, strict=True):
        for index, found in parts.items():
            values = tuple(found[part].as_in_context(device).copy() for part in sorted(found))
            updater.states[index] = values if len(values) > 1 else values[0]
            updater.states_synced[index] = True
