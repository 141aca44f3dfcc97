"""Every finding there is: its code and its sentence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """The codes of the findings; `convlens explain CODE` prints what each one means."""

    RESUMED = "CL001"
    STARTED_OVER = "CL002"
    OTHER_PHASE = "CL003"
    METERS_RESTARTED = "CL004"
    MEAN_SINCE_START = "CL005"
    METER_CONTRADICTED = "CL006"
    SWITCHED_OFF = "CL007"
    NOT_A_NUMBER = "CL008"
    NAME_CONTRADICTED = "CL009"
    DROP_OUTSIDE_RUN = "CL010"
    RATE_CONTRADICTED = "CL011"
    EPOCHS_MISSING = "CL012"
    STOPPED_EARLY = "CL013"
    NOT_UNDERSTOOD = "CL014"
    SCORES_MISSING = "CL015"
    SAME_LOG_TWICE = "CL016"
    CUT_OFF = "CL017"
    SCORES_WITHOUT_EPOCH = "CL018"
    UNKNOWN_COLUMN = "CL019"
    ODD_BYTES = "CL020"
    TRACEBACK = "CL021"
    HEAD_MISSING = "CL022"
    ODD_SCORES = "CL023"
    FROM_CACHE = "CL024"
    MISNAMED = "CL025"
    SINGLE_BATCHES = "CL026"
    SEVERAL_RUNS = "CL040"
    OTHER_MODEL = "CL041"
    TERMS_IN_TOTAL = "CL042"
    TERM_ADDED = "CL043"
    FILES_JOINED = "CL044"
    LOSS_BREAKS = "CL050"
    PHASES_FROM_LOSS = "CL051"
    OVERFITTING = "CL052"
    NO_GAIN_LEFT = "CL053"
    SCHEDULES_APART = "CL054"


@dataclass(frozen=True)
class Finding:
    """Something that a careful reader of the log would want to know.

    `code` is its kind, `text` one sentence, `where` the place in the log ("line 12", "epoch 3") or
    empty; `str()` gives all three.
    """

    code: Code
    text: str
    where: str = ""

    @property
    def sentence(self) -> str:
        """What was found and where."""
        return self.text + (f" [{self.where}]" if self.where else "")

    def __str__(self) -> str:
        return f"{self.code} {self.sentence}"
