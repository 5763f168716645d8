"""From a page of source records to the items that have to be sent; everything else is settled on the way.

`Shaper` leads a page through: `Dedupe` (each record once), `Details` (full forms), the mapping's own transform, `Diff`
(what the target has already, with `Doubles`: two records for one target key) and `Held` (what is surely refused).
`TakenUp` are the rejects of earlier runs that are tried once more.
"""

from etl.shape.dedupe import Dedupe
from etl.shape.detail import Detail, Details, detail_refused
from etl.shape.diff import Diff
from etl.shape.doubles import Doubles
from etl.shape.held import Barrier, Held
from etl.shape.shaper import Shaper
from etl.shape.taken_up import TakenUp

__all__ = [
    "Barrier",
    "Dedupe",
    "Detail",
    "Details",
    "Diff",
    "Doubles",
    "Held",
    "Shaper",
    "TakenUp",
    "detail_refused",
]
