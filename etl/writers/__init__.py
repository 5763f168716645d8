"""The ways in which items reach a target.

`UpsertWriter` sends idempotent batches; `OnceWriter` creates each record once, or finds it and updates it;
`UpdateWriter` and `DeleteWriter` change what the mapping names by its id; `AppendWriter` and `DownloadWriter` write
files; `PlanWriter` only notes what would be done, `GuardedWriter` holds a run to such notes.
"""

from etl.writers.append import AppendWriter
from etl.writers.change import DeleteWriter, UpdateWriter
from etl.writers.download import DownloadWriter
from etl.writers.guard import GuardedWriter
from etl.writers.once import OnceWriter
from etl.writers.plan import PlanWriter
from etl.writers.upsert import UpsertWriter

__all__ = [
    "AppendWriter",
    "DeleteWriter",
    "DownloadWriter",
    "GuardedWriter",
    "OnceWriter",
    "PlanWriter",
    "UpdateWriter",
    "UpsertWriter",
]
