"""Make the zoo's data files from the published logs: `python .tools/build_zoo.py FOLDER [NAME…]`.

FOLDER holds the logs as published and their `catalog.csv` (log, task, bytes, sha256, url, zoo_model,
published). Writes `catalog.csv` and `snapshot.jsonl.gz` into `convlens/zoo`; the snapshot holds NAME….
"""

from __future__ import annotations

import csv
import gzip
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from convlens.run import Run
from convlens.zoo.snapshot import FILE, ClassRows, pack

_TASKS = ("detection", "instance", "distillation")
_ZOO = Path(__file__).parents[1] / "convlens" / "zoo"


def main(arguments: list[str]) -> None:
    """Build both files from a folder of logs."""
    folder, wanted = Path(arguments[0]), arguments[1:]
    rows = _catalog(folder)
    with (_ZOO / "catalog.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    from convlens.reader import read_log  # reads the catalogue just written

    lines = []
    for row in rows:
        if row["name"] in wanted:
            run = read_log(folder / row["log"])
            packed = pack(run, tuple(_class_rows(run))) | {"name": row["name"]}
            lines.append(json.dumps(packed, separators=(",", ":")))
    data = "".join(f"{line}\n" for line in lines).encode()
    (_ZOO / FILE).write_bytes(gzip.compress(data, mtime=0))
    sys.stderr.write(f"{len(rows)} entries, {len(lines)} runs\n")


def _catalog(folder: Path) -> list[dict[str, str]]:
    """One row a log; a log that serves several models has a published score for each."""
    rows: dict[str, dict[str, str]] = {}
    with (folder / "catalog.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["task"] not in _TASKS:
                continue
            model, _, condition = row["zoo_model"].partition(" (")
            name = model or re.sub(r"_train(?=_|$)", "", Path(row["log"]).stem)
            if row["task"] == "distillation":
                name, condition = f"{name}_distilled_voc", ""
            scores = "; ".join(_published(row["published"], condition.rstrip(")")))
            entry = rows.setdefault(
                row["log"],
                {
                    "name": name,
                    "task": row["task"],
                    "log": row["log"],
                    "bytes": row["bytes"],
                    "sha256": row["sha256"],
                    "url": row["url"],
                    "published": "",
                },
            )
            entry["published"] = "; ".join(filter(None, (entry["published"], scores)))
    return sorted(rows.values(), key=lambda entry: entry["name"])


def _published(text: str, condition: str) -> Iterator[str]:
    """`Box AP=21.7/39.2/21.3` as "21.7 box AP"; `mAP(Orig/F)=26.6/28.1` as two scores."""
    at = f" at {condition}" if condition else ""
    for item in filter(None, text.split("; ")):
        what, _, values = item.partition("=")
        numbers = values.split("/")
        if what == "mAP(Orig/F)":
            yield from (f"{numbers[0]} mAP original", f"{numbers[1]} mAP flip")
        else:
            yield f"{numbers[0]} {what.replace('Box', 'box').replace('Segm', 'segm')}{at}"


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
