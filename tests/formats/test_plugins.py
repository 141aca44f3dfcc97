"""Formats of other packages: asked last, and never trusted."""

from importlib.metadata import EntryPoint

import pytest

from convlens import ConvlensError, formats, read_log
from convlens.formats import plugins
from convlens.formats.base import Format, Restarts
from convlens.formats.declared import from_map
from tests.formats import made

LOG = "#mine\nepoch,l\n0,1.5\n1,1.25\n"


def takes(name, head):
    return head.startswith((b"#mine", b"epoch,"))


def read(data, want):
    return from_map({"loss": "l"}).read(data.replace(b"#mine\n", b""), want)


def raises(*_):
    raise ZeroDivisionError("oops")


MINE = Format("mine", "epoch", Restarts.NEW_RUN, takes, read)
FAILING = Format("failing", "epoch", Restarts.NEW_RUN, takes, raises)
BROKEN = Format("broken", "epoch", Restarts.NEW_RUN, raises, read)
NO_FORMAT = 5


@pytest.fixture
def installed(monkeypatch):
    """Registers objects of this module as another package would."""

    def install(*names):
        entries = [EntryPoint(name, f"{__name__}:{name}", plugins.GROUP) for name in names]
        monkeypatch.setattr(plugins, "entry_points", lambda **_: entries)
        plugins.registered.cache_clear()

    yield install
    plugins.registered.cache_clear()


def test_a_format_of_another_package(installed, tmp_path):
    (tmp_path / "a.log").write_text(LOG)
    with pytest.raises(ConvlensError, match="no epoch lines"):
        read_log(tmp_path / "a.log")
    installed("BROKEN", "MINE")
    with pytest.warns(UserWarning, match="The format broken, of another package, failed to look at a file"):
        run = read_log(tmp_path / "a.log")
    assert (run.format, run.arrays.loss.tolist()) == ("mine", [1.5, 1.25])
    assert len(run.batches) == 0


def test_it_is_asked_last(installed):
    installed("MINE")
    assert formats.recognise("", made.KERAS.encode()).name == "keras"


def test_what_it_raises_is_told_with_its_name(installed, tmp_path):
    (tmp_path / "a.log").write_text(LOG)
    installed("FAILING")
    with pytest.raises(ConvlensError, match=r"format failing, of another package, failed: ZeroDivisionError"):
        read_log(tmp_path / "a.log")


def test_what_cannot_be_used_is_told(installed):
    installed("NO_FORMAT", "absent")
    assert plugins.registered().formats == ()
    assert [fault.partition(" ")[0] for fault in plugins.registered().faults] == ["NO_FORMAT", "absent"]
