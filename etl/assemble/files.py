"""What is special about mappings that write files: how they write, and when what was written is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from etl.assemble.compiled import source_of
from etl.assemble.connections import Connections
from etl.assemble.reads import Reads
from etl.assemble.workspace import Workspace
from etl.connectors.files_target import FilesTarget, Wanted
from etl.connectors.rest_source import RestSource
from etl.errors import ConnectionFailed, UsageError
from etl.model import Item, Json, Record
from etl.ports import MappingState
from etl.ports import Scope as StateScope
from etl.report import MappingReport
from etl.settle import Settlement
from etl.specs import MappingSpec
from etl.transform import Transform, compile_text, truthy
from etl.writers import AppendWriter, DeleteWriter, DownloadWriter, UpsertWriter


def writes_files(workspace: Workspace, spec: MappingSpec) -> bool:
    """The mapping's target is a file, or a folder that is downloaded to."""
    return workspace.connectors[spec.target.connection].kind == "files"


def file_target(connections: Connections, spec: MappingSpec, where: StateScope, secret: bytes) -> FilesTarget:
    """The file that the mapping writes; in one run always the same object. The state's secret tells states apart."""
    journal = " ".join((secret.hex(), where.project, where.environment, where.mapping))
    columns = tuple(field.name for field in spec.fields)
    key = spec.target.key if spec.target.operation == "create" else spec.target.key or ("id",)
    wanted = Wanted(columns, key, spec.target.params, journal)
    return connections.files(spec.target.connection).target(spec.target.endpoint, wanted)


def file_writer(spec: MappingSpec, target: FilesTarget) -> AppendWriter | DeleteWriter | UpsertWriter:
    """How the mapping's operation writes to its file."""
    if spec.target.operation == "create":
        return AppendWriter(target)
    return DeleteWriter(target) if spec.target.operation == "delete" else UpsertWriter(target)


async def publish(target: FilesTarget, state: MappingState, settlement: Settlement) -> None:
    """Shows what was written, in one step. The ledger knows each appended record before: else it would come again."""
    for entries in target.appended():
        known = state.known([entry.key for entry in entries])
        for entry in entries:
            if entry.key not in known:
                output = entry.output or {}
                item = Item(entry.key, {}, output=output, target_key=entry.target_key, hash=entry.hash)
                settlement.adopt(item, None)
    await target.publish()


def warn_of_gone_file(target: FilesTarget, state: MappingState, report: MappingReport) -> None:
    """A file that was taken away is not written again by itself: what it held counts as accepted."""
    if not target.merge.path.exists() and (count := state.count()):
        report.warnings.append(
            f"{target.merge.path.name} is not there any more, and {count} records that were written to it count as "
            "unchanged: `--full` writes all of them again"
        )


# --- downloads -----------------------------------------------------------------------------------


def download_writer(
    workspace: Workspace, spec: MappingSpec, connections: Connections, reads: Reads, state: MappingState
) -> DownloadWriter:
    """Writes the content of each source record. Raises UsageError where the source has none."""
    source = reads.source
    if not isinstance(source, RestSource):
        raise UsageError(f"the records of '{spec.source.endpoint}' have no content to download")
    folder = connections.files(spec.target.connection).download(spec.target.endpoint)

    async def fetch(record: Record, path: Path) -> int:
        try:
            return await source.download(record, path, reads.path_params(record))
        except OSError as error:
            raise ConnectionFailed(f"'{path.name}' can't be written: {error.strerror or error}") from None

    return DownloadWriter(folder, fetch, state, without=_without_content(workspace, spec, reads))


def _without_content(workspace: Workspace, spec: MappingSpec, reads: Reads) -> Callable[[Record], bool]:
    """Whether a record has nothing to download, as its connector says."""
    condition = compile_text(source_of(workspace, spec).operations["download"].options.get("without"))
    return lambda record: condition is not None and truthy(condition(record, reads.scope))


def with_version(workspace: Workspace, spec: MappingSpec, transform: Transform) -> Transform:
    """Of a download every documented field of the record counts (name, size, last change): its content shows none."""
    if spec.target.operation != "download":
        return transform
    names = sorted(source_of(workspace, spec).fields)

    def version(record: Record) -> Json:
        return [record.get(name) for name in names]

    return replace(transform, version=version)
