"""What `convlens compare --against-zoo` adds: where curves part from the published ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from convlens.cli.output import table
from convlens.wording import cells

if TYPE_CHECKING:
    from rich.table import Table

    from convlens.analysis.comparison.published import AgainstPublished


def view(found: Sequence[AgainstPublished]) -> Iterator[Table | str]:
    """One table a run, and what its words mean."""
    for one in found:
        yield ""
        yield f"{one.run.name} against the published {one.published.name}"
        yield ""
        differences = {d.quantity: d for d in one.differences}
        rows = []
        for parting in one.partings:
            d = differences[parting.quantity]
            unit = next(q.unit for q in one.comparison.quantities if q.name == parting.quantity)
            theirs, mine = (
                cells.value_of(arm, value, unit, parting.quantity)
                for arm, value in zip(one.comparison.arms, (d.reference, d.value), strict=True)
            )
            change, relative, floor = cells.in_three(d, unit)
            rows.append([parting.quantity, str(parting), theirs, mine, change, relative, floor])
        epochs = f"after {one.shared_epochs}"
        yield table(["", "apart", f"published {epochs}", epochs, "difference", "", "±"], rows)
        if len(found) > 1:  # of one run they stand above
            told = [f"{k} {a!r} -> {b!r}" for k, (a, b) in one.comparison.arguments.items()]
            yield f"Arguments that differ: {'; '.join(told) or 'none'}"
    yield ""
    yield "Apart: a mean of 5 epochs' differences exceeds their noise; another seed would differ too."


def document(found: Sequence[AgainstPublished]) -> list[dict[str, object]]:
    """The JSON of the same; README lists its keys."""
    return [
        {
            "run": one.run.name,
            "published": one.published.name,
            "shared_epochs": one.shared_epochs,
            "quantities": [
                {
                    "quantity": parting.quantity,
                    "points": parting.points,
                    "apart_after": parting.parted,
                    "apart_to_the_end_after": parting.to_the_end,
                    "value": d.value,
                    "published_value": d.reference,
                    "difference": d.change,
                    "floor": d.floor,
                }
                for parting in one.partings
                for d in one.differences
                if d.quantity == parting.quantity
            ],
            "arguments": one.comparison.arguments,
        }
        for one in found
    ]
