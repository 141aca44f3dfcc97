"""What a shell is offered: through the program, as bash asks it."""

import pytest

from convlens import zoo
from convlens.findings import Code


@pytest.fixture
def offered(convlens):
    """What Tab offers at the end of a command line, in the folder of logs."""

    def ask(line):
        words = line.split(" ")
        done = convlens(_CONVLENS_COMPLETE="complete_bash", COMP_WORDS=line, COMP_CWORD=str(len(words) - 1))
        assert (done.code, done.err) == (0, "")
        return done.out.split()

    return ask


def test_sources_are_files_folders_and_published_logs(offered):
    assert offered("convlens compare se") == ["seeds/", *(n for n in zoo.names() if n.startswith("se"))]
    assert offered("convlens compare a.log seeds/s") == ["seeds/s1.log", "seeds/s2.log", "seeds/s3.log"]
    assert "ssd_512_resnet50_v1_coco" in offered("convlens parse ssd_512_r")
    assert offered("convlens compare nowhere/x") == []


def test_codes_and_published_names_are_offered(offered):
    assert offered("convlens explain CL00") == [code for code in Code if code < "CL010"]
    yolo = [name for name in zoo.names() if name.startswith("yolo3_m")]
    assert offered("convlens zoo fetch yolo3_m") == yolo


def test_commands_and_options_are_offered(offered):
    assert {"compare", "parse", "explain", "zoo"} <= set(offered("convlens "))
    assert offered("convlens compare --aga") == ["--against-zoo"]
