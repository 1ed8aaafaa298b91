"""What planning several windows together gains over window by window."""

from collections.abc import Iterable
from os import PathLike
from typing import TYPE_CHECKING

import pandas as pd

from ekya_opt.comparison import Progress, compare, read_all
from instances import InvalidOption
from instances.horizon import Horizon
from solvers.result import relative_gap

if TYPE_CHECKING:
    from instances.problems import Problem

MYOPIC = "dp"
"""The exact policy of window by window, which gains refer to."""

DEFAULT_POLICIES = (
    "decomposition",
    "look-ahead",
    "look-ahead:credit=0.5",
    "look-ahead:credit=1",
    "look-ahead:credit=2",
    MYOPIC,
    "thief",
)

COLUMNS = (
    "horizon",
    "streams",
    "gpus",
    "windows",
    "policy",
    "status",
    "objective",
    "bound",
    "gap",
    "gain",
    "seconds",
    "error",
)


def horizon_study(
    horizons: "Iterable[Problem | str | PathLike[str]]",
    policies: str | Iterable[str] = DEFAULT_POLICIES,
    *,
    time_limit: float | None = None,
    seed: int = 0,
    workers: int = 1,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Return what solvers of horizons reach, and gain over window by window.

    One row for each horizon and policy. ``bound`` is the lowest that any of the
    policies proves for the horizon, and ``gap`` each one's distance to it;
    ``gain`` is (objective - myopic) / myopic, the myopic one being exact in each window
    (solver ``dp``). Failures and Ctrl-C are as in :func:`ekya_opt.compare`.

    Parameters
    ----------
    horizons
        Horizons, or files and folders of them.
    policies
        Solvers of horizons, as in :func:`ekya_opt.compare`; ``dp`` is run in any case.
    time_limit, seed, workers, progress
        As in :func:`ekya_opt.compare`.

    Raises
    ------
    EkyaOptError
        If a horizon cannot be read, two have one name, or a solver or setting does
        not exist.
    """
    problems: list[Horizon] = []
    for problem in read_all(horizons):
        if not isinstance(problem, Horizon):
            raise InvalidOption(f"{problem.name} is no horizon")
        if problem.name in [each.name for each in problems]:
            raise InvalidOption(f"two horizons have the name {problem.name!r}")
        problems.append(problem)
    words = policies.split(",") if isinstance(policies, str) else list(policies)
    frame = compare(
        problems,
        [*words, *([] if MYOPIC in words else [MYOPIC])],
        time_limit=time_limit,
        seed=seed,
        workers=workers,
        progress=progress,
    )
    study = frame.assign(
        horizon=frame["instance"],
        policy=frame["solver"].str.cat(frame["settings"], sep=":").str.rstrip(":"),
    )
    sizes = pd.DataFrame(
        {
            "horizon": [each.name for each in problems],
            "streams": [len(each.streams) for each in problems],
            "gpus": [each.gpus for each in problems],
            "windows": [each.num_windows for each in problems],
        }
    )
    study = study.merge(sizes, on="horizon", how="left", validate="many_to_one")
    study["bound"] = study.groupby("horizon")["bound"].transform("min")
    study["gap"] = [
        relative_gap(bound, objective)
        for objective, bound in zip(study["objective"], study["bound"], strict=True)
    ]
    myopic = study[study["policy"] == MYOPIC].set_index("horizon")["objective"]
    base = study["horizon"].map(myopic)
    study["gain"] = (study["objective"] - base) / base
    study = study.reindex(columns=list(COLUMNS))
    study.attrs = frame.attrs
    return study


def summarise_horizons(study: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each size and policy of a study.

    ``gain`` is the mean over horizons, ``spread`` its standard deviation; then come the
    least and the largest gain, the largest gap, and the median and largest seconds.
    """
    groups = study.groupby(["streams", "gpus", "windows", "policy"], sort=False)
    return groups.agg(
        horizons=("objective", "count"),
        objective=("objective", "mean"),
        gain=("gain", "mean"),
        spread=("gain", "std"),
        least_gain=("gain", "min"),
        largest_gain=("gain", "max"),
        largest_gap=("gap", "max"),
        median_seconds=("seconds", "median"),
        most_seconds=("seconds", "max"),
    ).reset_index()
