"""Price the simplifications of the problem, in percentage points of accuracy.

On each level of generated windows and horizons, and of those in PATH…, the optimum and
the Thief: shares that never change, that stay with their stream, that the whole server
moves; windows one by one or planned jointly; jobs placed on whole GPUs; a floor of
accuracy. Exit status 1 means that a solver failed; the first message is told.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ekya_opt.commands.arguments import add_json, check_writable
from ekya_opt.commands.frames import frame_cells, frame_objects, frame_text
from ekya_opt.text import number, percent, to_json
from instances import InvalidOption

if TYPE_CHECKING:
    import pandas as pd

    from instances.problems import Problem


def _points(value: Any) -> str:
    return number(value, 2)


SHOWN: dict[str, Any] = {
    "optimum": lambda value: number(value, 4),
    "gap": percent,
    "price": _points,
    "spread": _points,
    "thief": lambda value: number(value, 4),
    "thief_loss": _points,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help="files of windows or horizons, directories of them, or shipped:…; each "
        "argument is a group beside the generated ones",
    )
    parser.add_argument(
        "--count",
        type=int,
        default=5,
        metavar="N",
        help="instances of each generated group; 0 for none",
    )
    parser.add_argument(
        "--floor",
        type=float,
        default=0.4,
        metavar="A",
        help="accuracy that the level floor demands at every instant",
    )
    parser.add_argument(
        "--time-limit",
        type=float,
        default=20.0,
        metavar="S",
        help="wall seconds for each solve",
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="seed of everything random"
    )
    parser.add_argument("--csv", metavar="FILE", help="write the rows to a CSV file")
    parser.add_argument(
        "--figure", metavar="FILE", help="draw the levels (.svg, .pdf or .png)"
    )
    parser.add_argument(
        "--page",
        metavar="FILE",
        help="write the table into its section of this page, notebooks/dynamic.md",
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Price, print, write and draw; return the exit status."""
    from ekya_opt.plots import check_plots, save_figure
    from ekya_opt.prices import price_list, summarise_prices
    from ekya_opt.progress import Ticker
    from instances.json_files import write_atomically

    check_writable(arguments.csv)
    check_writable(arguments.figure)
    if arguments.figure is not None:
        check_plots()
    if arguments.page is not None:
        from ekya_opt.benchmarks.page import PRICES, check_page

        check_page(arguments.page, [PRICES])
    if not 0 <= arguments.floor <= 1:
        raise InvalidOption(f"--floor is {arguments.floor:g}, expected from 0 to 1")
    with Ticker("reading") as ticker:
        frame = price_list(
            _groups(arguments.paths, arguments.count),
            floor=arguments.floor,
            time_limit=arguments.time_limit,
            seed=arguments.seed,
            progress=ticker.note,
        )
    if arguments.csv is not None:
        write_atomically(Path(arguments.csv), frame.to_csv(index=False).encode())
    summary = summarise_prices(frame)
    failed = frame[frame["error"].notna()]
    if arguments.json:
        print(to_json(frame_objects(summary)))
    else:
        print(frame_text(summary, SHOWN))
        for row in failed.drop_duplicates("error").itertuples():
            print(f"{row.level} of {row.instance}: {row.error}")
    if arguments.page is not None and not frame.attrs["interrupted"]:
        _write(arguments, summary)
    if arguments.figure is not None and len(frame):
        from ekya_opt.plots.prices import plot_prices

        save_figure(plot_prices(frame), arguments.figure)
    if frame.attrs["interrupted"]:
        return 130
    return 1 if frame["error"].str.contains(": ", na=False).any() else 0


def _write(arguments: argparse.Namespace, summary: "pd.DataFrame") -> None:
    """Write the table into its section of the page."""
    from ekya_opt.benchmarks.page import PRICES, write_section
    from ekya_opt.benchmarks.report import Report
    from ekya_opt.benchmarks.tables import Table

    columns, cells = frame_cells(summary, SHOWN)
    rows = [tuple("-" if cell is None else str(cell) for cell in row) for row in cells]
    table = Table(tuple(columns), rows)
    words = ["ekya-opt price-list"]
    for name, default in (("count", 5), ("floor", 0.4), ("time_limit", 20.0)):
        value = getattr(arguments, name)
        if value != default:
            words.append(f"--{name.replace('_', '-')} {value:g}")
    for name in ("figure", "page"):
        if getattr(arguments, name) is not None:
            words.append(f"--{name} {getattr(arguments, name)}")
    words += [_short(path) for path in arguments.paths]
    packages = ("numpy", "highspy", "ortools")
    write_section(arguments.page, PRICES, Report(), " ".join(words), [table], packages)


def _short(path: str) -> str:
    from instances.library import SHIPPED

    return path if path.startswith(SHIPPED) else Path(path).name


def _groups(paths: list[str], count: int) -> "list[tuple[str, list[Problem]]]":
    """Return the generated groups and one for each path."""
    from ekya_opt.prices import generated_groups
    from ekya_opt.reading import paths_of
    from instances.problems import Kind, kind_of, read_problem

    if count < 0 or (count == 0 and not paths):
        message = f"--count is {count}, expected at least {0 if paths else 1}"
        raise InvalidOption(message)
    groups = list(generated_groups(count)) if count else []
    for text in paths:
        problems = [read_problem(path) for path in paths_of([text])]
        name = _short(text)
        for kind in (Kind.WINDOW, Kind.HORIZON):
            own = [each for each in problems if kind_of(each) is kind]
            if own:
                groups.append((f"{kind}, {name}", own))
    return groups
