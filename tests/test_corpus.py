"""Every real log, read by convlens and by the naive reader: the two must say the same."""

import math

import numpy as np
import pytest

from tests.corpus import naive, run
from tests.independent import DETECTION_LOSSES, Block, Epoch, Log

AR = ("ar_1", "ar_10", "ar_100", "ar_small", "ar_medium", "ar_large")
TWELVE = ("map", "map_50", "map_75", "map_small", "map_medium", "map_large", *AR)
EXACT = 1e-11  # a percentage of a fraction that was printed with all its digits


def all_epochs(log: Log) -> list[Epoch]:
    return [epoch for session in log.sessions for epoch in session.epochs.values()]


def scores(block: Block) -> dict[str, float]:
    """The scores of a block in percent, named as convlens names them."""
    if block.kind == "voc":
        return {"map": block.map}
    told = {}
    for task, values in block.summaries.items():
        for name, value in zip(TWELVE, values, strict=True):
            told[name if task == "bbox" else segm(name)] = value * 100 if value >= 0 else math.nan
    return told | {("map" if task == "bbox" else "map_segm"): value for task, value in block.means.items()}


def segm(name: str) -> str:
    head, _, tail = name.partition("_")
    return "_".join(filter(None, (head, "segm", tail)))


def same(left: float, right: float) -> bool:
    return left == right or (math.isnan(left) and math.isnan(right))


def test_there_are_real_logs(corpus, real_log):
    assert real_log.stat().st_size > 50_000


def test_epochs_are_as_printed(real_log):
    table, expected = run(real_log).epochs, all_epochs(naive(real_log))
    assert table.index.get_level_values("epoch").tolist() == [epoch.number for epoch in expected]
    for epoch, (_, row) in zip(expected, table.iterrows(), strict=True):
        told = {**(epoch.batches[max(epoch.batches)] if epoch.batches else {}), **epoch.values}
        printed = {name: value for name, value in told.items() if name not in ("Speed", "LR")}
        assert all(same(row[name], value) for name, value in printed.items()), epoch.number
        unknown = set(table.columns) - set(printed) - {"lr", "speed", "seconds", "complete"}
        assert all(math.isnan(row[name]) for name in unknown), epoch.number
        assert same(row["seconds"], epoch.cost if epoch.cost is not None else math.nan)


def test_epochs_are_complete_where_they_were_finished(real_log):
    expected = []
    for session in naive(real_log).sessions:
        for epoch in session.epochs.values():
            finished = epoch.closing is not None or epoch.blocks or epoch.number < max(session.epochs)
            expected.append(bool(finished))
    assert run(real_log).epochs["complete"].tolist() == expected


def test_every_batch_line_is_in_batches(real_log):
    table = run(real_log).batches.rename(columns={"speed": "Speed", "lr": "LR"})
    expected = [
        (epoch.number, batch, values)
        for epoch in all_epochs(naive(real_log))
        for batch, values in epoch.batches.items()
    ]
    keys = list(zip(table.index.get_level_values(1), table.index.get_level_values(2), strict=True))
    assert keys == [(epoch, batch) for epoch, batch, _ in expected]
    names = list(dict.fromkeys(name for _, _, values in expected for name in values))
    assert set(table.columns) == set(names)
    wanted = np.array([[values.get(name, math.nan) for name in names] for _, _, values in expected])
    assert np.array_equal(table[names].to_numpy(), wanted, equal_nan=True)


def test_validations_are_as_printed(real_log):
    table = run(real_log).validation
    blocks = [(epoch.number, block) for epoch in all_epochs(naive(real_log)) for block in epoch.blocks[-1:]]
    assert table.index.get_level_values("epoch").tolist() == [number for number, _ in blocks]
    for (_, block), (_, row) in zip(blocks, table.iterrows(), strict=True):
        told = scores(block)
        assert set(told) == set(table.columns)
        assert row.to_dict() == pytest.approx(told, abs=EXACT, nan_ok=True)


def test_class_aps_are_as_printed(real_log):
    table = run(real_log).class_ap["ap"]
    expected = [
        (epoch.number, name, value * (100 if block.kind == "voc" else 1))
        for epoch in all_epochs(naive(real_log))
        for block in epoch.blocks[-1:]
        for name, value in block.classes.items()
    ]
    keys = list(zip(table.index.get_level_values(1), table.index.get_level_values(2), strict=True))
    assert keys == [(epoch, name) for epoch, name, _ in expected]
    assert table.tolist() == pytest.approx([ap for _, _, ap in expected], abs=EXACT, nan_ok=True)


def test_the_curve_takes_its_epochs_from_the_right_process(real_log):
    curve, log = run(real_log).curve, naive(real_log)
    assert curve.index.tolist() == list(log.curve)
    assert curve.index[curve["complete"]].tolist() == log.complete
    maps = curve["map"].dropna()
    assert maps.index.tolist() == [number for number, _ in log.maps]
    assert maps.tolist() == pytest.approx([value for _, value in log.maps], abs=EXACT)


def test_own_means_are_those_of_the_epoch(real_log):
    """Reset columns as printed; since-start columns undone, as exactly as rounding and counting allow."""
    result, log = run(real_log), naive(real_log)
    own = log.own_means()
    compared = 0
    for number, (session, epoch) in log.curve.items():
        undone = own[session].get(number, {})
        for name in set(epoch.values) | set(undone):
            value = result.curve.loc[number, name]
            if name in undone:
                expected, doubt = undone[name]
                assert value == pytest.approx(expected, abs=doubt + 1e-9), (number, name)
                assert result.resolution.loc[number, name] <= doubt * 1.0001
                compared += 1
            elif log.family != "rcnn" or epoch.closing is not None:
                assert same(value, epoch.values[name]), (number, name)
    assert compared or log.family == "ssd"


def test_undone_closing_lines_are_exact(real_log):
    """Where the end of an epoch is printed nothing is guessed: n*m(n) - (n-1)*m(n-1)."""
    result, log = run(real_log), naive(real_log)
    if log.family == "rcnn":
        pytest.skip("its since-start columns stand on batch lines only")
    for session, epochs in log.own_means().items():
        for number, undone in epochs.items():
            if log.curve[number][0] == session:
                for name, (expected, doubt) in undone.items():
                    assert result.curve.loc[number, name] == pytest.approx(expected, abs=1e-9)
                    assert result.resolution.loc[number, name] == pytest.approx(doubt, rel=1e-9)


def test_the_summed_loss_is_that_of_the_detector(real_log):
    result = run(real_log)
    names = [name for name in result.curve.columns if name in DETECTION_LOSSES]
    assert [c.name for c in result.losses] == names
    expected = result.curve[names].sum(axis=1, skipna=False)
    assert result.curve["loss"].tolist() == pytest.approx(expected.tolist(), nan_ok=True)
    widths = result.resolution[names].sum(axis=1, skipna=False)
    assert result.resolution["loss"].tolist() == pytest.approx(widths.tolist(), nan_ok=True)


def test_the_summary_is_that_of_the_last_complete_epoch(real_log):
    summary, log = run(real_log).summary, naive(real_log)
    assert summary.epochs == len(log.complete)
    assert summary.final == log.final
    reached, best = log.final_map, log.best_map
    assert reached is not None
    assert best is not None
    assert summary.final_map == pytest.approx(reached[1], abs=EXACT)
    assert (summary.best_epoch, summary.best_map) == (best[0], pytest.approx(best[1], abs=EXACT))


def test_hours_are_those_of_the_curve(real_log):
    costs = [epoch.cost for _, epoch in naive(real_log).curve.values() if epoch.cost is not None]
    hours = run(real_log).summary.hours
    assert hours == (pytest.approx(sum(costs) / 3600) if costs else None)


def test_scores_that_belong_to_no_epoch_are_told(real_log):
    told = [finding for finding in run(real_log).findings if finding.code == "CL018"]
    expected = naive(real_log).orphans
    assert len(told) == len(expected)
    assert all(
        str(block.means["bbox"]) in finding.text for block, finding in zip(expected, told, strict=True)
    )


def test_everything_that_names_an_epoch_is_understood(real_log):
    assert not [finding for finding in run(real_log).findings if finding.code == "CL014"]
