"""`convlens compare --against-zoo`, as a whole program."""

import json

import pytest

from convlens import zoo
from tests.writing import made_log

NAME = "ssd_512_resnet50_v1_coco"


@pytest.fixture
def mine(tmp_path):
    """The first 30 epochs of the published run, but for a SmoothL1 that is twice as high from epoch 20 on."""
    curve = zoo.load(NAME).curve[:30]
    losses = [
        (entropy, smooth * (1 + (epoch >= 20)))
        for epoch, (entropy, smooth) in enumerate(zip(curve["CrossEntropy"], curve["SmoothL1"], strict=True))
    ]
    path = tmp_path / "mine.log"
    path.write_text(made_log(losses, [20.0] * 30, coco=True, epochs=240, lr=0.002))
    return str(path)


def test_a_log_is_set_beside_its_published_run(invoke, mine):
    done = invoke("compare", mine, "--against-zoo")
    assert (done.code, done.err) == (0, "")
    table = done.out.partition(f"mine against the published {NAME}")[2]
    rows = {line.split()[0]: line for line in table.splitlines() if line.strip()}
    assert "never" in rows["CrossEntropy"]
    assert "after 21 epochs" in rows["SmoothL1"]
    assert "+100.0%" in rows["SmoothL1"]
    assert "lr" in done.out.partition("Arguments that differ")[2]


def test_json_tells_the_same(invoke, mine):
    document = json.loads(invoke("compare", mine, "--against-zoo", "--format", "json").out)
    [told] = document["against_zoo"]
    assert (told["run"], told["published"], told["shared_epochs"]) == ("mine", NAME, 30)
    smooth = next(q for q in told["quantities"] if q["quantity"] == "SmoothL1")
    assert smooth["apart_after"] == smooth["apart_to_the_end_after"] == 21
    assert smooth["difference"] == pytest.approx(smooth["published_value"], abs=0.001)
    assert [run["name"] for run in document["runs"]] == [NAME, "mine"]
    plain = json.loads(invoke("compare", mine, "a.log", "--format", "json").out)
    assert plain["against_zoo"] == []


def test_runs_without_a_published_one_are_told_and_passed_over(invoke, mine):
    done = invoke("compare", mine, "runs/x/train.log", NAME, "--against-zoo")
    assert done.code == 0
    assert f"{NAME}: this is the published log itself" in done.err
    assert "CL016" not in done.out
    assert done.out.count("against the published") == 2  # x is an SSD on VOC, which the zoo has too


def test_a_single_run_without_a_published_one_is_an_error(invoke, tmp_path):
    path = tmp_path / "odd.log"
    path.write_text(made_log([(2.0, 1.0)] * 9, network="no_net", save_prefix="ssd_512_no_net_voc"))
    done = invoke("compare", str(path), "--against-zoo")
    assert done.code == 2
    assert "there is no published run of ssd 512 no_net voc; the closest are ssd_512_" in done.err
