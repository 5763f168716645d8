"""For commands that look at a single mapping: it opened and checked, its credentials only where they are needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.cli.offline import offline
from etl.cli.options import Settings
from etl.cli.running import only_templates, opened
from etl.errors import UsageError

if TYPE_CHECKING:
    from etl.assemble.stand_ins import StandIns
    from etl.assemble.workspace import Workspace
    from etl.mapping.load import Loaded


def one_mapping(workspace: Workspace, path: str) -> Loaded:
    """The workspace's only mapping. Raises UsageError where the path stands for several."""
    if not workspace.loaded:
        raise only_templates(workspace)
    if len(workspace.loaded) != 1:
        names = ", ".join(mapping.name for mapping in workspace.mappings)
        raise UsageError(f"'{path}' holds {len(workspace.loaded)} mappings: {names}", "name one of them")
    return workspace.loaded[0]


def opened_for_records(
    settings: Settings, path: str, sandbox: StandIns | None, *, offline_if_possible: bool
) -> Workspace:
    """`offline_if_possible`: the records are here already, so that credentials are needed for lookups at most."""
    if offline_if_possible and sandbox is None:
        from etl.steps.lookups import used_tables

        workspace = opened(settings, (path,), offline())
        spec = one_mapping(workspace, path).spec
        if all(spec.lookups[name].file is not None for name in used_tables(spec)):
            return workspace
    return opened(settings, (path,), sandbox)
