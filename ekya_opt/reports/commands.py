"""Commands that make the numbers of a report again."""

import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from ekya_opt.reports.contents import Contents
from ekya_opt.reports.tables import Column, Table, is_missing, table_of
from ekya_opt.studies.plan import ON_ESTIMATES

ANY_FILE = "INSTANCE"


def instance_files(hashes: Iterable[str], *, stored: bool) -> dict[str, str]:
    """Return the files that ``ekya-opt solve`` takes for instances, by their hash.

    A shipped instance is its name; another one is what :func:`files_code` writes, if
    it is ``stored``, and left out otherwise.
    """
    from instances.best_known import read_best_known
    from instances.library import SHIPPED, shipped_names

    shipped = set(shipped_names())
    entries = read_best_known()
    files = {}
    for each in hashes:
        if each in entries and entries[each].instance in shipped:
            files[each] = f"{SHIPPED}{entries[each].instance}"
        elif stored:
            files[each] = f"{each}.json"
    return files


def files_code(store: str) -> str:
    """Return Python that writes all instances of a store to files."""
    return (
        "import ekya_opt\n"
        f"store = ekya_opt.open_store({store!r})\n"
        "for name in store.planned()['instance_hash'].unique():\n"
        "    ekya_opt.write_problem(store.problem(name), f'{name}.json')"
    )


def solve_command(run: Mapping[str, Any], contents: Contents) -> str:
    """Return the command that makes a run, a row of a table of runs, again."""
    file = contents.files.get(run["instance_hash"], ANY_FILE)
    workers = contents.definitions.get(str(run["study"]), {}).get("workers", 1)
    solver, *settings = str(run["label"]).removesuffix(ON_ESTIMATES).split(":")
    words = ["ekya-opt", "solve", file, "--solver", solver]
    for setting in settings:
        words += ["--set", setting]
    if not is_missing(run["seed"]):
        words += ["--seed", str(run["seed"])]
    if not is_missing(run["time_limit"]):
        words += ["--time-limit", f"{run['time_limit']:g}"]
    if workers != 1:
        words += ["--workers", str(workers)]
    if run["plan_on"] == "estimates":
        words += ["--plan-on", "estimates"]
    return shlex.join(words)


def command_table(contents: Contents) -> Table:
    """Return for each solver the command that makes its runs again."""
    names = ["study", "label", "settings", "time_limit", "plan_on"]
    single = contents.runs.drop_duplicates(names)[names].sort_values(names)
    patterns = single.assign(instance_hash="", seed="SEED")
    rows = patterns.to_dict("records")
    frame = patterns.assign(command=[solve_command(row, contents) for row in rows])
    heads = {
        "label": Column(head="solver"),
        "command": Column(head="command"),
        "settings": Column(head="settings in effect"),
    }
    frame = frame.drop_duplicates(list(heads))
    return table_of(frame, heads, "commands", "The command of each solver")
