"""One connection to a folder of files: sources and targets on them, without anything that has to be opened or closed.

How writing survives a crash: `files_journal` (what is accepted is durable at once) and `files_merge` (all of it appears
in one step, once).
"""

from __future__ import annotations

from pathlib import Path

from etl.connectors.files_download import FilesDownload
from etl.connectors.files_formats import build_format
from etl.connectors.files_names import place
from etl.connectors.files_source import FilesSource
from etl.connectors.files_target import FilesTarget, Wanted
from etl.report import ConnectionReport
from etl.specs import ConnectionSpec


class FilesConnection:
    """A folder: the connection's `path`, else the project's own. `aside`: where all writing goes instead, and reading
    of what was written there."""

    def __init__(self, spec: ConnectionSpec, root: Path, aside: Path | None = None) -> None:
        self.folder = folder_of(spec, root)
        self._written = aside or self.folder
        self.report = ConnectionReport(spec.name)
        self.base_url = place_of(self.folder, root)
        """Where it leads, for what is stored about it. Below the project it does not change when that is moved."""
        self._targets: dict[tuple[Path, str], FilesTarget] = {}

    def source(self, endpoint: str) -> FilesSource:
        """The file to read. Raises UsageError for one outside of the folder."""
        written = place(self._written, endpoint)
        return FilesSource(written if written.is_file() else place(self.folder, endpoint))

    def target(self, endpoint: str, wanted: Wanted) -> FilesTarget:
        """The file to write for one mapping; the same one for all that writes for it in a run."""
        path = place(self._written, endpoint)
        known = self._targets.get((path, wanted.journal))
        if known is None:
            known = FilesTarget.build(path, build_format(endpoint, wanted.params), wanted)
            self._targets[path, wanted.journal] = known
        return known

    def download(self, pattern: str) -> FilesDownload:
        """The folder to download to, with a file for each record."""
        place(self._written, pattern)
        return FilesDownload(self._written, pattern)

    async def close(self) -> None:
        """Lets go of journals; what was not published waits there."""
        for target in self._targets.values():
            target.journal.close()


def folder_of(spec: ConnectionSpec, root: Path) -> Path:
    """The folder of a connection's files."""
    return (spec.path or root).resolve()


def place_of(folder: Path, root: Path) -> str:
    """What a folder is known by in the state and in plans: inside the project the same on every machine."""
    try:
        return f"files:{folder.relative_to(root.resolve()).as_posix()}"
    except ValueError:
        return folder.as_uri()
