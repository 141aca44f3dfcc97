"""From sources to runs: the order of the calls, and little else."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from convlens import checks, formats, late, zoo
from convlens.errors import ConvlensError, LogFormatError, SourceError
from convlens.findings import Code, Finding
from convlens.formats import declared
from convlens.formats.base import SUMMARY, Blocks, Format
from convlens.formats.text import HEAD, clean, quote
from convlens.identity import identify
from convlens.metrics import score
from convlens.run import Run
from convlens.runs import runs_in
from convlens.sessions import build_sessions, stitch
from convlens.sources import Kept, Source, Stamp, look_up, obtain, open_parts, open_source, resolve, unpacked
from convlens.sources.http import Progress

Sources = str | Path | Sequence[str | Path] | Mapping[str, str | Path]


def read_log(
    source: str | Path,
    *,
    columns: Mapping[str, str] | None = None,
    log_format: str | Path | None = None,
) -> Run:
    """Read the one run that a source holds: a file, a folder with one log, a URL, `-`, or a zoo name.

    `columns` reads any table or JSON by the names of its columns, such as `{"epoch": "step", "loss":
    "train/total_loss", "map[%]": "val/mAP"}`, and `log_format` is a TOML file that declares the lines of a
    text. What a URL gives is kept in a cache; with `CONVLENS_OFFLINE=1` in the environment that alone is
    asked. Raises SourceError if it cannot be opened or fetched, LogFormatError if it is no log, and
    ConvlensError if a folder or a pattern holds several (`read_logs` reads them all).
    """
    found = resolve([source])
    if len(found) != 1:
        shown = ", ".join(s.path for s in found[:3])
        message = f"{source}: holds {len(found)} logs ({shown}, …); read_logs reads them all."
        raise ConvlensError(message)
    return read_source(found[0], kind=declared_format(columns, log_format))


def read_logs(
    sources: Sources,
    *,
    columns: Mapping[str, str] | None = None,
    log_format: str | Path | None = None,
) -> list[Run]:
    """Read every run that the sources hold, in order; a file may hold several.

    `sources` is one source, a list of them, or a mapping of labels to sources; for the rest see `read_log`.
    The first one that cannot be read raises; `read_runs` on each of `resolve(sources)` passes over bad ones.
    """
    kind = declared_format(columns, log_format)
    return [run for source in resolve(sources) for run in read_runs(source, kind=kind)]


def declared_format(columns: Mapping[str, str] | None, log_format: str | Path | None) -> Format | None:
    """The format that a user declares by names of columns or in a TOML file; None without either."""
    if log_format is not None:
        from convlens.formats.declared_lines import from_toml

        data, _ = open_source(str(log_format))
        return from_toml(data.decode("utf-8", errors="replace"), str(log_format)).format
    return declared.from_map(columns).format if columns else None


def read_runs(
    source: Source,
    *,
    offline: bool = False,
    progress: Progress | None = None,
    kind: Format | None = None,
) -> list[Run]:
    """Read all runs of one resolved source.

    With `offline` no server is asked for a URL, only the cache; `progress` is called as bytes arrive, with
    their number and that of all or None. `kind` is the format, None if the content is to tell.
    """
    if source.zoo:
        return [_read_published(source)]
    if source.url:
        runs = _read_url(source, offline, progress, kind)
    else:
        data, stamp = open_parts((*source.earlier, source.path))
        runs = runs_of_bytes(data, source.path, source.label, stamp, earlier=source.earlier, kind=kind)
    if len(runs) == 1:
        return runs
    return [replace(run, name=f"{source.label} run {number}") for number, run in enumerate(runs, 1)]


def read_source(source: Source, *, offline: bool = False, kind: Format | None = None) -> Run:
    """Read one resolved source (see `read_runs`); of several runs in it the last."""
    return replace(read_runs(source, offline=offline, kind=kind)[-1], name=source.label)


def _read_published(source: Source) -> Run:
    """A run of the zoo: from its log if that was fetched, else from the snapshot."""
    entry = zoo.named(source.path)
    found = look_up(entry.url, entry.sha256)
    if found is None:
        return replace(zoo.load(entry.name), name=source.label)
    kept, answer = found
    run = read_bytes(unpacked(answer.data, kept.url), kept.url, source.label, kept=kept)
    return replace(
        run,
        source=f"zoo:{entry.name}",
        published=entry.published,  # even where no hash tells that this is the log
        published_map=entry.published_map(run.config),
    )


def _read_url(source: Source, offline: bool, progress: Progress | None, kind: Format | None) -> list[Run]:
    kept, answer = obtain(source.url, progress=progress, offline=offline)
    runs = runs_of_bytes(unpacked(answer.data, kept.url), kept.url, source.label, kept=kept, kind=kind)
    if not kept.stale:
        return runs
    text = f"{kept.stale}: this is the log that was fetched on {kept.fetched[:10]}"
    return [run.with_findings((Finding(Code.FROM_CACHE, text), *run.findings)) for run in runs]


def read_bytes(data: bytes, path: str, name: str, stamp: Stamp = (0, 0), kept: Kept | None = None) -> Run:
    """Make a run of a log's bytes (see `runs_of_bytes`); of several runs in it the last."""
    return runs_of_bytes(data, path, name, stamp, kept)[-1]


def runs_of_bytes(
    data: bytes,
    path: str,
    name: str,
    stamp: Stamp = (0, 0),
    kept: Kept | None = None,
    earlier: tuple[str, ...] = (),
    kind: Format | None = None,
) -> list[Run]:
    """Make all runs of a log's bytes.

    `path` is where they are from ("-" for bytes that cannot be read again), `name` the label, `stamp` what
    tells a change of the file, `kept` the place in the cache of what a URL gave, and `earlier` are the files
    of earlier processes, with whose bytes they begin; `kind` is the format where the user tells it.
    """
    head = data[:HEAD]
    kind = kind or formats.recognise(path, head) or formats.recognise(path, data)  # a preamble may be long
    if kind is None:
        raise LogFormatError(path, _why_not(data))
    blocks = kind.read(data, SUMMARY)
    if path != "-" and kept is None:
        blocks = _with_config_beside(blocks, kind, Path(path).parent)
    axis = blocks.axis or kind.axis
    log = late.LogOnDisk(kind, path, stamp, data if path == "-" else None, kept=kept, earlier=earlier)
    if earlier:
        named = ", ".join(_shortest((*earlier, path)))
        text = f"{len(earlier) + 1} files are read as one, in this order: {named}"
        joined = Finding(Code.FILES_JOINED, f"{text}; lines are counted through all of them")
        blocks = replace(blocks, findings=(joined, *blocks.findings))
    parts = runs_in(blocks, kind.restarts, axis)
    return [_run(part, kind, log, axis, name, data) for part in parts]


def _with_config_beside(blocks: Blocks, kind: Format, folder: Path) -> Blocks:
    """The blocks of a log with what the config in its folder says, if there is one."""
    for name, add in kind.beside.items():
        if (folder / name).is_file():
            try:
                return add(blocks, open_source(str(folder / name))[0])
            except SourceError as error:
                return replace(blocks, findings=(*blocks.findings, Finding(Code.NOT_UNDERSTOOD, str(error))))
    return blocks


def _run(blocks: Blocks, kind: Format, log: late.LogOnDisk, axis: str, name: str, data: bytes) -> Run:
    built = build_sessions(blocks)
    if not built.sessions:
        raise LogFormatError(log.path, _why_empty(blocks))
    sessions, rows = stitch(built.sessions, kind.restarts)
    config = sessions[rows[-1, 0]].config
    file_name = log.kept.path.name if log.kept else Path(log.path).name
    identity, contradictions = identify(
        file_name, config.values, blocks.detector, blocks.task, config.identity
    )
    entry = zoo.find_log(data, file_name)
    run = Run(
        name=name,
        source=log.path,
        format=kind.name,
        axis=axis,
        columns=built.columns,
        scores=blocks.scores or tuple(score(name) for name in blocks.score.names),
        score_decimals=blocks.score.decimals,
        identity=identity,
        sessions=sessions,
        curve_rows=rows,
        findings=(),
        checkpoints=blocks.checkpoints,
        published=entry.published if entry else (),
        published_map=entry.published_map(config.values) if entry else None,
        size=len(data),
        late=replace(log, lines=blocks.lines, session_lines=tuple(s.line for s in sessions)),
        counts_from=blocks.counts_from,
        not_taken=blocks.not_taken,
    )
    return run.with_findings((*blocks.findings, *contradictions, *checks.collect(run, blocks, built)))


def _shortest(paths: Sequence[str]) -> list[str]:
    """The paths without the folder that they share."""
    shared = os.path.commonpath([str(Path(path).parent) for path in paths])
    return [os.path.relpath(path, shared or ".") for path in paths]


def _why_empty(blocks: Blocks) -> str:
    if blocks.starts.epoch.size or not blocks.why_empty:
        return "training was started, but no epoch line that is whole follows"
    return blocks.why_empty


def _why_not(data: bytes) -> str:
    """Why bytes are no log, in one clause."""
    if not data.strip():
        return "the file is empty"
    if data.startswith(b"version https://git-lfs"):
        return "a Git LFS pointer, not the log itself: run `git lfs pull`"
    text = clean(data[:HEAD])[0]
    if not text.strip() or data[:1024].count(b"\0") * 10 > len(data[:1024]):
        return "a binary file, not a text log"
    lines = [line for line in text.split(b"\n") if line.strip()][:2]
    shown = " and ".join(quote(line.strip()[:200], 60) for line in lines)
    return f"no epoch lines found; the first lines are {shown}"
