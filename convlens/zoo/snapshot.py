"""The snapshot: the per-epoch figures of published runs, shipped with the package.

One line of JSON a run, gzipped. A run from the snapshot has the tables of the run from its log, to the
printed digit, but no batches, and class APs of the last and the best validation only.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np

from convlens.errors import ConvlensError, SourceError
from convlens.findings import Code, Finding
from convlens.formats.base import Checkpoint, Config, Plan
from convlens.meters import Floats, Meter
from convlens.metrics import Better, Column, Role, Unit
from convlens.run import Identity, Part, Run, Session
from convlens.zoo.catalog import find_entry

if TYPE_CHECKING:
    import pandas as pd

FILE = "snapshot.jsonl.gz"
_WHOLE = ("epoch", "last_step", "score_epoch")
_FLAGS = ("closing", "present", "complete")
_FIGURES = ("printed", "own", "width", "lr", "speed", "seconds", "scores")

ClassRows = tuple[tuple[int, int, str, float], ...]  # session, epoch, class, AP in percent


@dataclass(frozen=True)
class SnapshotTables:
    """The late tables of a run from the snapshot."""

    name: str
    hash: str
    rows: ClassRows

    def batches(self) -> pd.DataFrame:
        """Always a ConvlensError that says how to get the log with its batches."""
        how = f"`convlens zoo fetch {self.name}` brings the log with them"
        raise ConvlensError(f"{self.name}: the snapshot holds no batches; {how}.")

    def sha256(self) -> str:
        """Of the log that the snapshot was made from."""
        return self.hash

    def class_ap(self) -> pd.DataFrame:
        """Of the last and the best validation."""
        import pandas as pd

        session, epoch = (np.array([row[k] for row in self.rows], dtype=np.int64) for k in (0, 1))
        classes = [row[2] for row in self.rows]
        index = pd.MultiIndex.from_arrays([session, epoch, classes], names=["session", "epoch", "class_name"])
        return pd.DataFrame({"ap": np.array([row[3] for row in self.rows], dtype=np.float64)}, index=index)


def snapshot_names() -> list[str]:
    """The names of the runs in the snapshot."""
    return list(_lines())


def same_identity(identity: Identity) -> list[str]:
    """The names of the runs in the snapshot that trained the same network on the same data."""
    parts = ("task", *Identity.PARTS)
    wanted = [getattr(identity, part) for part in parts]
    packed = {name: json.loads(line)["identity"] for name, line in _lines().items()}
    return [name for name, told in packed.items() if [told[part] for part in parts] == wanted]


def load(name: str) -> Run:
    """The run of a zoo name in the zoo's own spelling; a SourceError if it is not in the snapshot."""
    if name not in _lines():
        why = "a published log whose figures do not come with convlens"
        raise SourceError(name, f"{why}; get it with `convlens zoo fetch {name}`")
    return unpack(json.loads(_lines()[name]))


def pack(run: Run, class_rows: ClassRows) -> dict[str, Any]:
    """A run as JSON values; `class_rows` are its class APs worth keeping."""
    return {
        "name": run.name,
        "format": run.format,
        "axis": run.axis,
        "columns": [_pack_column(c) for c in run.columns],
        "scores": [_pack_column(c) for c in run.scores],
        "score_decimals": run.score_decimals,
        "identity": asdict(run.identity),
        "sessions": [_pack_session(s) for s in run.sessions],
        "curve_rows": run.curve_rows.tolist(),
        "findings": [asdict(f) for f in run.findings],
        "checkpoints": [asdict(c) for c in run.checkpoints if c.best][-1:],
        "class_ap": class_rows,
    }


def unpack(data: Mapping[str, Any]) -> Run:
    """The run that `pack` packed, under its zoo name."""
    name = data["name"]
    entry = find_entry(name)
    rows = tuple((s, e, str(c), float(ap)) for s, e, c, ap in data["class_ap"])
    run = Run(
        name=name,
        source=f"zoo:{name}",
        format=data["format"],
        axis=data["axis"],
        columns=tuple(_column(c) for c in data["columns"]),
        scores=tuple(_column(c) for c in data["scores"]),
        score_decimals=tuple(data["score_decimals"]),
        identity=Identity(**data["identity"]),
        sessions=tuple(_session(s, len(data["columns"]), len(data["scores"])) for s in data["sessions"]),
        curve_rows=np.array(data["curve_rows"], dtype=np.int64).reshape(-1, 2),
        findings=tuple(Finding(Code(f["code"]), f["text"], f["where"]) for f in data["findings"]),
        checkpoints=tuple(Checkpoint(**c) for c in data["checkpoints"]),
        published=entry.published,
        size=entry.size or 0,
        late=SnapshotTables(name, str(entry.sha256), rows),
    )
    return replace(run, published_map=entry.published_map(run.config))


@cache
def _lines() -> dict[str, str]:
    file = resources.files("convlens.zoo") / FILE
    text = gzip.decompress(file.read_bytes()).decode()
    return {json.loads(line[: line.index(",")] + "}")["name"]: line for line in text.splitlines()}


def _pack_session(session: Session) -> dict[str, Any]:
    packed: dict[str, Any] = {
        f.name: getattr(session, f.name)
        for f in fields(session)
        if f.name not in (*_WHOLE, *_FLAGS, *_FIGURES, "first", "config")
    }
    packed |= {name: getattr(session, name).tolist() for name in _WHOLE}
    packed |= {name: getattr(session, name).astype(int).tolist() for name in _FLAGS}
    packed |= {name: _strict(getattr(session, name)) for name in _FIGURES}
    packed["config"] = {k: v for k, v in asdict(session.config).items() if k != "identity"}
    return packed


def _pack_column(column: Column) -> dict[str, Any]:
    """A column of a published log; none of them has a window."""
    return {k: v for k, v in asdict(column).items() if k != "window"}


def _session(packed: Mapping[str, Any], columns: int, scores: int) -> Session:
    values = dict(packed)
    count = len(values["epoch"])
    shapes = dict.fromkeys(("closing", "present", "printed", "own", "width"), (count, columns))
    shapes["scores"] = (len(values["score_epoch"]), scores)
    for names_of_kind, kind in ((_WHOLE, np.int64), (_FLAGS, np.bool_), (_FIGURES, np.float64)):
        for name in names_of_kind:
            array = np.array(values[name], dtype=kind)
            values[name] = array.reshape(shapes.get(name, array.shape))
    config = values["config"]
    plan = config["plan"] | {"drops": tuple(config["plan"]["drops"])}
    values["config"] = Config(config["line"], config["values"], Plan(**plan))
    values["first"] = np.full((count, columns), np.nan)  # of use to reading only
    values["part"] = Part(values["part"])
    return Session(**values)


def _strict(values: Floats) -> list[Any]:
    """What JSON has: NaN is null, and infinity a text that numpy reads."""
    rows = values.astype(object)
    rows[np.isnan(values)] = None
    rows[np.isposinf(values)], rows[np.isneginf(values)] = "inf", "-inf"
    nested: list[Any] = rows.tolist()
    return nested


def _column(packed: Mapping[str, Any]) -> Column:
    kinds = {"role": Role, "unit": Unit, "better": Better, "meter": Meter}
    return Column(**{**packed, **{name: kind(packed[name]) for name, kind in kinds.items()}})
