"""What the user named becomes a list of sources, each with a label."""

from __future__ import annotations

import difflib
import glob
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from convlens import formats, zoo
from convlens.errors import ConvlensError, SourceError
from convlens.formats.text import HEAD
from convlens.sources.files import open_source

# Names that tell nothing about a run; the folder above may.
_TELLS_NOTHING = re.compile(
    r"(?i)^(?:train(?:ing)?|logs?|train[_-]?logs?|results?|metrics|out(?:put)?|std(?:out|err)|nohup|runs?|[\d_.:-]*)$"
)
_SUFFIXES = (".gz", ".log", ".txt", ".out", ".csv", ".json")
_LABEL = re.compile(r"^([^=/\\]+)=(.+)$", re.DOTALL)


@dataclass(frozen=True)
class Source:
    """One log: `path` is a file, `-`, or with `zoo` the name of a published run; `label` names the run."""

    label: str
    path: str
    zoo: bool = False


def resolve(
    sources: str | Path | Sequence[str | Path] | Mapping[str, str | Path],
    report: Callable[[ConvlensError], None] | None = None,
) -> list[Source]:
    """The single logs that the sources stand for, in order, with labels that differ.

    A source is a path, a folder (all logs in it), a pattern with `*?[`, `-`, or a zoo name, each with an
    optional `label=` before it. One that stands for nothing raises SourceError, or is told to `report`.
    """
    if isinstance(sources, Mapping):
        finders = [_labelled(label, str(item)) for label, item in sources.items()]
    else:
        items = [sources] if isinstance(sources, str | Path) else sources
        finders = [_resolve(item) for item in items]
    found: list[Source] = []
    for finder in finders:
        try:
            found += finder
        except ConvlensError as error:
            if report is None:
                raise
            report(error)
    return _with_different_labels([replace(source, label=_as_text(source.label)) for source in found])


def _as_text(label: str) -> str:
    """A label that every table and file can hold: names of files may be bytes that are no text."""
    return label.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _resolve(item: str | Path) -> Iterator[Source]:
    text = str(item)
    label = _LABEL.match(text) if isinstance(item, str) and not _exists(text) else None
    yield from _labelled(label[1], label[2]) if label else _find(text)


def _labelled(label: str, path: str) -> Iterator[Source]:
    found = list(_find(path))
    for number, source in enumerate(found, 1):
        yield replace(source, label=label if len(found) == 1 else f"{label} {number}")


def _exists(text: str) -> bool:
    """Whether there is a file or folder of this name; a SourceError where a system cannot even look."""
    try:
        return bool(text.strip()) and Path(text).expanduser().exists()
    except (OSError, RuntimeError, ValueError) as error:  # too long, no such user, a NUL in it
        why = getattr(error, "strerror", None) or error
        raise SourceError(text[:100], f"no name of a file ({why})") from None


def _find(text: str) -> Iterator[Source]:
    there = _exists(text)
    path = Path(text).expanduser()
    if text == "-":
        yield Source("stdin", "-")
    elif there and path.is_dir():
        yield from _logs_in(path)
    elif there:
        yield Source(_label_of(path), str(path))
    elif zoo.canonical(text):
        name = str(zoo.canonical(text))
        yield Source(name, name, zoo=True)
    elif glob.has_magic(text):
        yield from _matching(text, path)
    else:
        raise SourceError(text, _why_nothing(text))


def _matching(text: str, pattern: Path) -> Iterator[Source]:
    """What a pattern matches, each log once; `**` does not follow links to folders, which may be loops."""
    root = Path(pattern.anchor)
    try:
        matches = sorted(map(str, root.glob(str(pattern.relative_to(root)))))
    except ValueError as error:
        raise SourceError(text, f"no pattern ({error})") from None
    if not matches:
        raise SourceError(text, "no file matches this pattern")
    found = {source.path: source for match in matches for source in _find(match)}
    yield from found.values()


def _logs_in(folder: Path) -> Iterator[Source]:
    """Every file in a folder and below that is recognised as a log; links to folders are not followed."""
    found = False
    for where, folders, files in os.walk(folder, followlinks=False):
        folders.sort()
        for name in sorted(files):
            path = Path(where) / name
            if path.is_file() and _is_log(path):
                found = True
                yield Source(_label_of(path), str(path))
    if not found:
        raise SourceError(str(folder), "there is no log in this folder that can be read")


def _is_log(path: Path) -> bool:
    try:
        if path.suffix == ".gz":
            head = open_source(str(path))[0][:HEAD]
        else:
            with path.open("rb") as file:
                head = file.read(HEAD)
    except (OSError, ConvlensError):
        return False
    return formats.recognise(path.name, head) is not None


def _label_of(path: Path) -> str:
    """The first part of the path, from its end, that tells something."""
    for part in (path.name, *(p.name for p in path.absolute().parents)):
        stem = part
        while stem.lower().endswith(_SUFFIXES):
            stem = stem.rpartition(".")[0]
        stem = re.sub(r"(?<=.)[_-]train(?:ing)?$", "", stem)
        if not _TELLS_NOTHING.match(stem):
            return stem
    return path.name


def _with_different_labels(sources: list[Source]) -> list[Source]:
    labels = [s.label for s in sources]
    counts: dict[str, int] = {}
    different = []
    for source in sources:
        counts[source.label] = counts.get(source.label, 0) + 1
        label = source.label
        if labels.count(label) > 1:
            parent = Path(source.path).absolute().parent.name
            label = f"{parent}/{label}" if parent and not source.zoo else label
        different.append(replace(source, label=label))
    seen: dict[str, int] = {}
    for n, source in enumerate(different):
        seen[source.label] = seen.get(source.label, 0) + 1
        if seen[source.label] > 1:
            different[n] = replace(source, label=f"{source.label} ({seen[source.label]})")
    return different


def _why_nothing(text: str) -> str:
    if re.match(r"(?i)https?://", text):
        return "URLs cannot be read yet: download the log and give its path"
    close = difflib.get_close_matches(text, zoo.names(), n=3, cutoff=0.5)
    folder = Path(text).parent
    if folder.is_dir():
        near = difflib.get_close_matches(Path(text).name, [p.name for p in folder.iterdir()], n=2)
        close = [str(folder / name) for name in near] + close
    guess = f"; did you mean {', '.join(close)}?" if close else ""
    return f"there is no such file, folder or zoo name{guess}"
