"""One small log made by hand, and what reads it, for tests of reading."""

from convlens import Run
from convlens.reader import read_bytes
from tests.handmade import arguments, epochs, log, start, voc

PLAIN = [
    arguments(epochs=4, save_prefix="ssd_512_resnet50_v1_voc", val_interval=2),
    start(),
    *epochs(0, 1),
    voc(1, 0.40289767311634483),
    *epochs(2, 3),
    voc(3, 0.5117552806432435),
]


TEXT = log(PLAIN)


def run_of(data: bytes) -> Run:
    return read_bytes(data, "-", "made")
