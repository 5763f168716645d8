"""From documents to something that runs: a workspace is opened and checked, then its pipelines are built and let go."""

from etl.assemble.preview import preview
from etl.assemble.runner import run_workspace
from etl.assemble.tests import run_tests
from etl.assemble.workspace import Workspace, open_workspace

__all__ = ["Workspace", "open_workspace", "preview", "run_tests", "run_workspace"]
