"""What to know before believing the figures: the findings, each with what it means."""

from __future__ import annotations

from convlens.explanations import explain
from convlens.findings import Finding
from convlens.report.evidence import Evidence
from convlens.report.parts import Fold, Section, Words


def section(told: Evidence) -> Section:
    """The findings of reading and of the analyses, one fold a kind."""
    together = told.comparison.findings if told.comparison else told.copies
    found: dict[str, list[tuple[str, Finding]]] = {}
    for name, findings in [("", together), *((d.run, d.warnings) for d in told.diagnoses)]:
        for finding in findings:
            found.setdefault(finding.code, []).append((name, finding))
    if not found:
        return Section("findings", "What should one know of these logs?", ["Nothing stood out."])
    folds = []
    for code, told_of in sorted(found.items()):
        meaning = explain(code)
        names = list(dict.fromkeys(name for name, _ in told_of if name))
        whose = f": {', '.join(names[:3])}{'' if len(names) <= 3 else f' and {len(names) - 3} more'}"
        sentences = [f"{name}: {f.sentence}" if name else f.sentence for name, f in told_of]
        folds.append(
            Fold(
                f"{code} {meaning.title}{whose if names else ''}",
                [Words(sentences, listed=True), Words([meaning.text])],
            )
        )
    kinds = f"{len(folds)} kind" + "s" * (len(folds) != 1)
    count = sum(map(len, found.values()))
    answer = f"{count} finding{'s' * (count != 1)} of {kinds}; each unfolds to what it means."
    return Section("findings", "What should one know of these logs?", [answer], folds)
