"""What is known of the published logs."""

import csv
import hashlib

import pytest

from convlens.zoo import find_log
from convlens.zoo.catalog import Entry, entries
from tests import corpus as real


@pytest.fixture(scope="module")
def rows(corpus):
    with (corpus / "logs" / "catalog.csv").open(encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["task"] in real.TASKS]


def test_the_catalogue_has_every_log_of_a_detector_once(rows):
    assert sorted(e.log for e in entries()) == sorted({row["log"] for row in rows})
    assert len({e.name for e in entries()}) == len(entries())


def test_size_hash_and_address(rows):
    told = {row["log"]: row for row in rows}
    for e in entries():
        row = told[e.log]
        assert (str(e.size or ""), e.sha256 or "", e.url) == (row["bytes"], row["sha256"], row["url"])


def test_published_scores(rows):
    """Each first number of a published score: one a test resolution, one with and one without flipping."""
    for e in entries():
        scores = []
        for row in rows:
            if row["log"] == e.log:
                for item in filter(None, row["published"].split("; ")):
                    how, _, numbers = item.partition("=")
                    told = [float(n) for n in numbers.split("/")]
                    scores += told if "Orig" in how else told[:1]
        assert [score for score, _ in e.published] == scores, e.name


def test_a_log_is_known_by_its_bytes(real_log):
    data = real_log.read_bytes()
    found = find_log(data)
    assert found is not None
    assert found.log.split("/")[-1] == real_log.name
    assert found.sha256 == hashlib.sha256(data).hexdigest()
    assert find_log(data[:-1] + b" ") is None
    assert find_log(data[:-1]) is None


@pytest.mark.parametrize(
    ("published", "arguments", "expected"),
    [
        (((21.7, "box AP"),), {}, 21.7),
        (((38.4, "box AP"), (34.0, "segm AP")), {}, 38.4),
        (((33.6, "box AP at 320x320"), (36.0, "box AP at 416x416")), {"data_shape": 416}, 36.0),
        (((33.6, "box AP at 320x320"), (36.0, "box AP at 416x416")), {"data_shape": 512}, None),
        (((33.6, "box AP at 320x320"), (36.0, "box AP at 416x416")), {}, None),
        (((26.6, "mAP original"), (28.1, "mAP flip")), {"flip_validation": True}, 28.1),
        (((26.6, "mAP original"), (28.1, "mAP flip")), {"flip_validation": False}, 26.6),
        ((), {}, None),
    ],
)
def test_the_score_whose_conditions_fit(published, arguments, expected):
    assert Entry("n", "l", "u", None, None, published).published_map(arguments) == expected
