"""Make what forecasts learn from the runs of the snapshot: `python .tools/build_experience.py [OUTPUT]`.

Writes `experience.jsonl.gz` into OUTPUT (default: `convlens/analysis/forecast`). It takes a minute.
"""

from __future__ import annotations

import gzip
import sys
from collections.abc import Sequence
from pathlib import Path

from learning import learn, whole

from convlens.analysis.forecast.experience import FILE, dumps
from convlens.reader import read_log
from convlens.zoo import snapshot_names

_PACKAGE = Path(__file__).parents[1] / "convlens" / "analysis" / "forecast"


def main(arguments: Sequence[str]) -> None:
    """Learn from every run of the snapshot whose log shows drops, and no break behind them."""
    output = (Path(arguments[0]) if arguments else _PACKAGE) / FILE
    named = ((name, read_log(name)) for name in snapshot_names())
    runs = [run for name, log in named if (run := whole(name, log)) is not None]
    output.write_bytes(gzip.compress(dumps(learn(runs)).encode(), mtime=0))
    sys.stderr.write(f"{len(runs)} runs, {output.stat().st_size} bytes\n")


if __name__ == "__main__":
    main(sys.argv[1:])
