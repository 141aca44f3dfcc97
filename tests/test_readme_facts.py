"""README.md: its figures are those of the logs, its links and codes are there."""

import re

import numpy as np
import pytest

import convlens
from convlens import zoo
from tests.readme import ROOT, TEXT


def test_the_published_logs_are_counted():
    told = re.search(r"(\d+) published logs, and the\s+package brings the figures of (\d+)", TEXT)
    assert [int(number) for number in told.groups()] == [len(zoo.names()), len(zoo.snapshot_names())]


def test_the_means_told_of_yolo_are_those_of_its_log(corpus):
    header, printed, own = re.search(
        r"(?m)^(\| `yolo3_mobilenet1.0_voc`.*)\n.*\n(\| as printed.*)\n(\| the epochs' own.*)$", TEXT
    ).groups()
    log = convlens.read_log(corpus / "logs" / "detection" / "yolo3_mobilenet1.0_voc.log")
    spans = re.findall(r"(\d+)–(\d+)", header)
    assert len(spans) == 3
    as_printed = [float(n) for n in re.findall(r"\d+\.\d+", printed)]
    means = [float(n) for n in re.findall(r"\d+\.\d+", own)]
    names = [column.name for column in log.losses]
    for (first, last), shown, mean in zip(spans, as_printed, means, strict=True):
        summed = log.epochs[names].sum(axis=1).loc[(0, int(last))]
        assert shown == pytest.approx(summed, abs=0.0051)
        assert mean == pytest.approx(np.mean(log.curve.loc[int(first) : int(last), "loss"]), abs=0.0051)


def test_links_lead_somewhere():
    links = re.findall(r"\]\(([^)]+)\)", TEXT)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_codes_that_are_named_exist():
    from convlens.findings import Code

    named = set(re.findall(r"CL\d{3}", TEXT))
    assert named
    assert named <= set(Code)
