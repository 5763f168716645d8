"""What must outlive a run: cursors, what each target last accepted, intents, rejects, run history."""

from etl.state.export import export_state, import_state
from etl.state.open import look_at_state, open_state
from etl.state.seen import SeenKeys
from etl.state.spool import Spool
from etl.state.store import StoredState
from etl.state.transfer import copy_state

__all__ = [
    "SeenKeys",
    "Spool",
    "StoredState",
    "copy_state",
    "export_state",
    "import_state",
    "look_at_state",
    "open_state",
]
