"""Make the zoo's data files from the published logs: `python .tools/build_zoo.py FOLDER [OUTPUT]`.

FOLDER holds logs as published and the list of them, `catalog.csv` (see published.py beside this). Writes
`catalog.csv` and `snapshot.jsonl.gz` into OUTPUT (default: `convlens/zoo`). The snapshot holds every log in
FOLDER that can be read, and none that differs from what was published.
"""

from __future__ import annotations

import csv
import gzip
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from published import FIELDS, cleaned

from convlens.errors import LogFormatError
from convlens.reader import read_log
from convlens.run import Run
from convlens.zoo.snapshot import FILE, ClassRows, pack

_ZOO = Path(__file__).parents[1] / "convlens" / "zoo"


def main(arguments: Sequence[str]) -> None:
    """Build both files from a folder of logs."""
    folder, output = Path(arguments[0]), Path(arguments[1]) if arguments[1:] else _ZOO
    rows = cleaned(folder / "catalog.csv")
    with (output / "catalog.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    lines = list(_lines(folder, rows))
    (output / FILE).write_bytes(gzip.compress("".join(lines).encode(), mtime=0))
    sys.stderr.write(f"{len(rows)} entries, {len(lines)} runs, {(output / FILE).stat().st_size} bytes\n")


def _lines(folder: Path, rows: Sequence[Mapping[str, str]]) -> Iterator[str]:
    for row in rows:
        if not (folder / row["log"]).exists():
            continue
        try:
            run = read_log(folder / row["log"])
        except LogFormatError as error:
            sys.stderr.write(f"{error}\n")
            continue
        if run.sha256 != row["sha256"]:
            sys.exit(f"{run.source}: not the log that was published, whose SHA-256 is {row['sha256']}")
        packed = pack(run, _class_rows(run)) | {"name": row["name"]}
        yield json.dumps(packed, separators=(",", ":"), allow_nan=False) + "\n"


def _class_rows(run: Run) -> ClassRows:
    """The class APs of the last and the best validation of the curve."""
    maps = run.curve["map"].dropna()
    if maps.empty:
        return ()
    session_of = {int(run.sessions[s].epoch[r]): int(s) for s, r in run.curve_rows.tolist()}
    kept = {(session_of[int(e)], int(e)) for e in (maps.index[-1], maps.index[int(np.argmax(maps))])}
    table = run.class_ap.reset_index()
    rows = table.itertuples(index=False, name=None)
    return tuple((s, e, c, ap) for s, e, c, ap in rows if (s, e) in kept)


if __name__ == "__main__":
    main(sys.argv[1:])
