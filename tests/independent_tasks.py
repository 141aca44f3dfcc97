"""A second, naive reader of the logs of other tasks than detection, to compare convlens with.

It walks a file line by line, knows nothing of convlens, and shares no line with the code that it checks.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

NUMBER = r"[+-]?(?:nan|inf|\d+(?:\.\d+)?)"
NAMED = re.compile(rf"([A-Za-z_][\w-]*)(?:=|: | (?={NUMBER}))({NUMBER})")
NAMES_AN_EPOCH = re.compile(r"(?:\[Epoch |Epoch\[|Epoch |Epoch: )(\d+)")
PROGRESS = re.compile(r"\| (\d+)/(\d+) \[")
POSITION = re.compile(r"Batch ?\[(\d+)\]|iteration (\d+)/")


@dataclass
class Epoch:
    """What was printed of one epoch: the last value of each name, in training and in validation."""

    training: dict[str, float] = field(default_factory=dict)
    closing: dict[str, float] = field(default_factory=dict)
    validation: dict[str, float] = field(default_factory=dict)
    single: list[float] = field(default_factory=list)  # losses of one batch each


@dataclass
class Log:
    """One file: its processes, each with its epochs, and how many lines name one."""

    processes: list[dict[int, Epoch]] = field(default_factory=list)
    naming: int = 0

    @property
    def last(self) -> dict[int, Epoch]:
        return self.processes[-1]


def read(path: Path) -> Log:
    log = Log()
    reached = (10**9, 0)
    for line in path.read_text(encoding="utf-8").replace("\r", "\n").split("\n"):
        found = NAMES_AN_EPOCH.search(line)
        if not found or "Namespace(" in line:
            continue
        log.naming += 1
        if "Starting Epoch" in line:
            continue
        number, progress = int(found[1]), PROGRESS.search(line)
        values = {n: float(v) for n, v in NAMED.findall(line[found.end() :].partition("%|")[0])}
        validates = "alidation" in line
        at = POSITION.search(line)
        here = (number, int(at[1] or at[2]) if at else 10**8)
        if not validates and here < reached and number < reached[0]:
            log.processes.append({})
        if not validates:
            reached = here
        epoch = log.last.setdefault(number, Epoch()) if not validates or number == reached[0] else Epoch()
        if validates:
            if not progress or progress[1] == progress[2]:
                epoch.validation |= values
        elif "Loss[" in line:
            epoch.single.append(float(re.search(rf"Loss\[({NUMBER})\]", line)[1]))
        elif at and "Time cost" not in line:
            epoch.training |= values
        else:
            epoch.closing |= values
    return log
