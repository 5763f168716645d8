"""The ways in which items reach a target.

`UpsertWriter` sends idempotent batches; `OnceWriter` creates each record once, or finds it and updates it;
`UpdateWriter` and `DeleteWriter` change what the mapping names by its id; `AppendWriter` and `DownloadWriter` write
files; `PlanWriter` only notes what would be done, with `Sight` of a target that can be read; `GuardedWriter` holds a
run to such notes. `CarefulWriter` around those that change what is there keeps the ledger honest meanwhile.
"""

from etl.writers.append import STAYS, AppendWriter
from etl.writers.careful import CarefulWriter
from etl.writers.change import DeleteWriter, UpdateWriter
from etl.writers.download import DownloadWriter
from etl.writers.guard import GuardedWriter
from etl.writers.once import NO_UPDATE, OnceWriter
from etl.writers.plan import PlanWriter
from etl.writers.sight import Sight
from etl.writers.upsert import UpsertWriter

__all__ = [
    "NO_UPDATE",
    "STAYS",
    "AppendWriter",
    "CarefulWriter",
    "DeleteWriter",
    "DownloadWriter",
    "GuardedWriter",
    "OnceWriter",
    "PlanWriter",
    "Sight",
    "UpdateWriter",
    "UpsertWriter",
]
