"""The ways in which items reach a target.

`UpsertWriter` sends idempotent batches; `OnceWriter` creates each record once, or finds it and updates it;
`UpdateWriter` and `DeleteWriter` change what the mapping names by its id; `PlanWriter` only notes what would be done.
"""

from etl.writers.change import DeleteWriter, UpdateWriter
from etl.writers.once import OnceWriter
from etl.writers.plan import PlanWriter
from etl.writers.upsert import UpsertWriter

__all__ = ["DeleteWriter", "OnceWriter", "PlanWriter", "UpdateWriter", "UpsertWriter"]
