"""How far a study has come, by solver."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

COUNTS = ("planned", "done", "missing", "failed")


def status_table(
    planned: Iterable[tuple[str, str]], ended: Mapping[str, str | None]
) -> "pd.DataFrame":
    """Return one row a solver with its settings; failed runs are done.

    Parameters
    ----------
    planned
        Label and key of each run that is asked for.
    ended
        Keys of the runs that ended, with their failure if they have one.
    """
    import pandas as pd

    counts: dict[str, list[int]] = {}
    for label, key in planned:
        done, failed = key in ended, ended.get(key) is not None
        own = counts.setdefault(label, [0] * len(COUNTS))
        for idx, counted in enumerate((True, done, not done, failed)):
            own[idx] += counted
    rows = [[label, *own] for label, own in counts.items()]
    return pd.DataFrame(rows, columns=["solver", *COUNTS])
