"""What must outlive a run: cursors, what each target last accepted, intents, rejects, run history."""

from etl.state.open import open_state
from etl.state.seen import SeenKeys

__all__ = ["SeenKeys", "open_state"]
