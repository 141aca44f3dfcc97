"""What the user named becomes a list of sources, each with a label."""

from __future__ import annotations

import difflib
import glob
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from convlens import formats, zoo
from convlens.errors import ConvlensError, SourceError
from convlens.formats.base import Format
from convlens.formats.text import HEAD
from convlens.sources.files import open_source
from convlens.sources.run_folders import runs_of
from convlens.sources.urls import is_url, segments, shown

# Names that tell nothing about a run; the folder above may.
_TELLS_NOTHING = re.compile(
    r"(?i)^(?:train(?:ing)?|logs?|train[_-]?logs?|results?|metrics|scalars|trainer_state|workerlog(?:\.\d+)?"
    r"|vis_data|checkpoint-\d+|events\.out\.tfevents.*|out(?:put)?|std(?:out|err)|nohup|runs?|[\d_.:-]*)$"
)
_SUFFIXES = (".gz", ".log", ".txt", ".out", ".csv", ".json")
_LABEL = re.compile(r"^([^=/\\]+)=(.+)$", re.DOTALL)


@dataclass(frozen=True)
class Source:
    """One log: `path` is a file, `-`, or with `zoo` the name of a published run; `label` names the run.

    Of a log on a server `url` is the address, which may hold a password, and `path` what is shown of it.
    Where each process wrote a file of its own, `earlier` are those before the one at `path`, in order.
    """

    label: str
    path: str
    zoo: bool = False
    url: str = field(default="", repr=False)
    earlier: tuple[str, ...] = ()


def resolve(
    sources: str | Path | Sequence[str | Path] | Mapping[str, str | Path],
    report: Callable[[ConvlensError], None] | None = None,
) -> list[Source]:
    """The single logs that the sources stand for, in order, with labels that differ.

    A source is a path, a folder (all logs in it), a pattern with `*?[`, a URL, `-`, or a zoo name, each with
    an optional `label=` before it. One that stands for nothing raises SourceError, or is told to `report`; no
    server is asked yet.
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
    label = _LABEL.match(text) if isinstance(item, str) and not is_url(text) else None
    if label and (is_url(label[2]) or not _exists(text)):
        yield from _labelled(label[1], label[2])
    else:
        yield from _find(text)


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
        raise SourceError(shown(text)[:100], f"no name of a file ({why})") from None


def _find(text: str) -> Iterator[Source]:
    if is_url(text):
        yield Source(_telling(segments(text)), shown(text), url=text)
        return
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
    elif glob.has_magic(text) and "://" not in text:
        yield from _matching(text, path)
    else:
        raise SourceError(shown(text), _why_nothing(text))


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
    """The logs in a folder and below, those of one run as one; links to folders are not followed."""
    found: list[tuple[Path, Format]] = []
    for where, folders, files in os.walk(folder, followlinks=False):
        folders.sort()
        for name in sorted(files):
            path = Path(where) / name
            if path.is_file() and (form := _format_of(path)):
                found.append((path, form))
    if not found:
        raise SourceError(str(folder), "there is no log in this folder that can be read")
    for *earlier, path in runs_of(found):
        yield Source(_label_of(path), str(path), earlier=tuple(map(str, earlier)))


def _format_of(path: Path) -> Format | None:
    """The format of a file, None if it is no log or cannot be opened."""
    try:
        if path.suffix == ".gz":
            head = open_source(str(path))[0][:HEAD]
        else:
            with path.open("rb") as file:
                head = file.read(HEAD)
    except (OSError, ConvlensError):
        return None
    return formats.recognise(path.name, head)


def _label_of(path: Path) -> str:
    return _telling(path.absolute().parts[1:])


def _telling(parts: Sequence[str]) -> str:
    """The first part of a path, from its end, that tells something; else the last."""
    for part in reversed(parts):
        stem = part
        while stem.lower().endswith(_SUFFIXES):
            stem = stem.rpartition(".")[0]
        stem = re.sub(r"(?<=.)[_-]train(?:ing)?$", "", stem)
        if not _TELLS_NOTHING.match(stem):
            return stem
    return parts[-1]


def _with_different_labels(sources: list[Source]) -> list[Source]:
    labels = [s.label for s in sources]
    counts: dict[str, int] = {}
    different = []
    for source in sources:
        counts[source.label] = counts.get(source.label, 0) + 1
        label = source.label
        if labels.count(label) > 1:
            parent = _parent(source)
            label = f"{parent}/{label}" if parent else label
        different.append(replace(source, label=label))
    seen: dict[str, int] = {}
    for n, source in enumerate(different):
        seen[source.label] = seen.get(source.label, 0) + 1
        if seen[source.label] > 1:
            different[n] = replace(source, label=f"{source.label} ({seen[source.label]})")
    return different


def _parent(source: Source) -> str:
    """The folder that a log lies in, or nothing."""
    if source.url:
        return "".join(segments(source.url)[-2:-1])
    return "" if source.zoo else Path(source.path).absolute().parent.name


def _why_nothing(text: str) -> str:
    if re.match(r"(?i)https?:/", text):
        return "a URL has two slashes, and is given as text (a Path drops one)"
    if "://" in text:
        return "only addresses with http:// or https:// can be read; of a file give the path"
    close = difflib.get_close_matches(text, zoo.names(), n=3, cutoff=0.5)
    folder = Path(text).parent
    if folder.is_dir():
        near = difflib.get_close_matches(Path(text).name, [p.name for p in folder.iterdir()], n=2)
        close = [str(folder / name) for name in near] + close
    guess = f"; did you mean {', '.join(close)}?" if close else ""
    return f"there is no such file, folder or zoo name{guess}"
