"""Entries of `people` -> the policies and drops that flows read through. A new kind is one case of `_drop`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from joinery.app import clock
from joinery.app.policy import lifecycle_of, mapping_reader, trust_of
from joinery.app.pushed import WithUploads, uploads
from joinery.app.sftp import folder_of, server_of
from joinery.connectors.file import FolderDrop, Ready
from joinery.flows.policy import Feed, SourcePolicy
from joinery.intake.layout import Layout
from joinery.kit.drop import ArrivedFile, Drop
from joinery.settings import Settings
from joinery.settings.files import FilesSource
from joinery.settings.sftp import SftpSource
from joinery.settings.shape import spans_of
from joinery.settings.sources import FileSource, PushSource, ScimSource, SourceEntry
from joinery.settings.sql import SqlSource, address_of


def source_policy(settings: Settings, name: str) -> SourcePolicy:
    """How one source is read: where its files arrive, and how they are understood."""
    source = settings.people[name]
    return SourcePolicy(
        name=name,
        drop=_with_uploads(source, settings, name),
        mapping_for=mapping_reader(name, source),
        lifecycle=lifecycle_of(settings, source),
        trust=trust_of(source),
        layout=layout_of(source),
        content=source.content,
        several_jobs=source.has_several_jobs,
        joined_by=source.joined_by,
        repeated_email=source.repeated_email,
        keep_files=settings.retention.raw_files,
        opened=opener(source),
        feeds=tuple(_feeds(name, source)),
        part_mapping=mapping_reader(name, source, part="rest"),
    )


def _feeds(name: str, source: SourceEntry) -> Iterator[Feed]:
    """Leavers before starters: a name that fits both is about access."""
    if isinstance(source, FilesSource):
        for role, part, feed in (("leavers", "leavers", source.leavers), ("starters", "rest", source.starters)):
            if feed is not None:
                yield Feed(role=role, files=feed.files, mapping_for=mapping_reader(name, source, feed, part))


def _patterns(source: FilesSource) -> tuple[str, ...]:
    return tuple(feed.files for feed in (source.leavers, source.starters) if feed is not None)


def opener(source: SourceEntry) -> Callable[[ArrivedFile], AbstractContextManager[ArrivedFile]]:
    """How this source's files are taken out of their seal; one that is not sealed is just given on."""
    if not isinstance(source, FilesSource):
        return nullcontext

    @contextmanager
    def opened(file: ArrivedFile) -> Iterator[ArrivedFile]:
        from joinery.intake.seal import Seal

        sealed = bool(source.decrypt_with or source.require_signature_from)
        seal = Seal(
            now=clock.now,
            keys=tuple(key.reveal for key in source.decrypt_with),
            passphrase=source.decrypt_passphrase.reveal if source.decrypt_passphrase else None,
            signers=frozenset(source.require_signature_from),
            signing_keys=source.signing_keys,
            plaintext=source.plaintext == "accept" if source.plaintext else not sealed,
        )
        with seal.opened(file) as plain:
            yield plain

    return opened


def _with_uploads(source: SourceEntry, settings: Settings, name: str) -> Drop:
    """Whatever the kind of source: files may be uploaded to it, too."""
    own = None if isinstance(source, PushSource | ScimSource) else _drop(source, settings, name)
    return WithUploads(pushed=uploads(settings.folder / ".joinery", name), own=own)


def _drop(source: FileSource | SftpSource | SqlSource, settings: Settings, name: str) -> Drop:
    match source:
        case FileSource():
            return FolderDrop(
                inbox=source.path,
                also=_patterns(source),
                archive=source.archive,
                ready_when=Ready(source.ready_when),
                stable_for=source.stable_for,
                now=clock.now,
            )
        case SftpSource():
            from joinery.connectors.sftp import SftpDrop

            landing = settings.folder / ".joinery" / "sftp" / name
            local = FolderDrop(inbox=landing / "inbox", archive=source.archive, ready_when=Ready.PRESENT)
            return SftpDrop(server=server_of(source), remote=folder_of(source), landing=landing, local=local)
        case SqlSource():
            return _sql(source, settings, name)


def _sql(source: SqlSource, settings: Settings, name: str) -> Drop:
    from joinery.connectors.sql import Query, SqlDrop, Watermark

    folder = settings.folder / ".joinery" / "sql" / f"{settings.name}-{name}"
    watermark = None
    if (rule := source.watermark) is not None:
        watermark = Watermark(
            column=rule.column, overlap=rule.overlap, full_every=rule.full_every, changes=rule.changes or ""
        )
    return SqlDrop(
        name=name,
        address=lambda: address_of(source.url, settings.folder),
        query=Query(sql=source.query, within=source.timeout, most_rows=source.most_rows, watermark=watermark),
        folder=folder,
        into=FolderDrop(inbox=folder / "spool" / "*.csv", archive=source.archive, ready_when=Ready.MARKER),
        now=clock.now,
        content=source.content,
    )


def layout_of(source: SourceEntry) -> Layout:
    """What the settings say of the form of the files, and the headings that must be in them."""
    wanted = frozenset(rule.column for rule in source.fields.values())
    if isinstance(source, SqlSource):
        return Layout.of_records(wanted)
    return Layout(
        encoding=source.encoding,
        delimiter=source.delimiter,
        columns=source.columns,
        widths=spans_of(source.widths),
        header_row=source.header_row,
        dates=source.dates,
        trailer="" if source.trailer == "none" else source.trailer,
        trailer_counts=source.trailer_counts,
        sheet=source.sheet,
        wanted=wanted,
    )
