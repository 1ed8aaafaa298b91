"""Measure windows, kernels, fleets, horizons, placements, studies; tell the machine."""

import argparse
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ekya_opt.commands.arguments import add_json
from ekya_opt.text import one_line, text_table, to_json
from instances import InvalidOption
from instances.library import SHIPPED

if TYPE_CHECKING:
    from ekya_opt.benchmarks.fleet import FleetReport
    from ekya_opt.benchmarks.kernels import KernelReport
    from ekya_opt.benchmarks.report import Report
    from ekya_opt.benchmarks.studies import StudyReport
    from ekya_opt.benchmarks.tables import Table

EXAMPLE = "shipped:paper/window1"
STREAMS, UNITS = "10000,100000,1000000", "2,4,8"
DEVICES = ("auto", "cpu", "cuda")
INTERRUPTED = 130

OWN = {
    "window": {"literal", "instance"},
    "kernels": {"device", "workers", "size", "page"},
    "fleet": {"device", "workers", "streams", "units", "page"},
    "server": {"count", "time_limit", "paths", "page"},
    "horizon": {"count", "time_limit", "paths", "page"},
    "placement": {"count", "time_limit", "paths", "page"},
    "study": {"runs", "kills", "workers", "page"},
}
"""Options that not every benchmark has."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "what",
        nargs="?",
        choices=tuple(OWN),
        default="window",
        help="the window problem at the paper's size, the kernels against their "
        "references, fleets of up to a million streams, exact engines on windows in "
        "which the whole server reallocates, solvers of horizons, what placement on "
        "whole GPUs costs, or a study that is killed and resumed",
    )
    parser.add_argument(
        "--repeat",
        type=int,
        metavar="N",
        help="runs of each timed thing (default: 5, fleet 3)",
    )
    add_json(parser)
    window = parser.add_argument_group("window")
    window.add_argument(
        "--literal",
        action="store_true",
        default=None,
        help="build the literal model as well: minutes and about 6 GB",
    )
    window.add_argument(
        "--instance",
        metavar="FILE",
        help=f"instance to solve from a cold shell (default: {EXAMPLE})",
    )
    kernels = parser.add_argument_group("kernels and fleet")
    kernels.add_argument(
        "--device",
        choices=DEVICES,
        help="where to run (default: auto, a CUDA device as well if there is one)",
    )
    kernels.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="most threads of the CPU, study: runs at a time (default: one for each "
        "core)",
    )
    kernels.add_argument(
        "--page",
        metavar="FILE",
        help="write the table into its section of this page, notebooks/kernels.md",
    )
    kernels.add_argument(
        "--large",
        dest="size",
        action="store_const",
        const="large",
        help="kernels: larger fleets and batches too, some minutes",
    )
    kernels.add_argument(
        "--tiny",
        dest="size",
        action="store_const",
        const="tiny",
        help=argparse.SUPPRESS,
    )
    kernels.add_argument(
        "--streams",
        metavar="N,…",
        help=f"fleet: sizes of the fleets (default: {STREAMS})",
    )
    kernels.add_argument(
        "--units",
        metavar="N,…",
        help=f"fleet: units a stream (default: {UNITS})",
    )

    studies = parser.add_argument_group("server, horizon and placement")
    studies.add_argument(
        "--count",
        type=int,
        metavar="N",
        help="seeds of each size of generated instances (default: 5, placement 4, "
        "server 1)",
    )
    studies.add_argument(
        "--time-limit",
        type=float,
        metavar="S",
        help="wall seconds for each solve (default: 120, placement and server 60)",
    )
    studies.add_argument(
        "--path",
        dest="paths",
        action="append",
        metavar="PATH",
        help="instances beside the generated ones; may be repeated",
    )
    study = parser.add_argument_group("study")
    study.add_argument(
        "--runs",
        type=int,
        metavar="N",
        help="least number of runs (default: 2000)",
    )
    study.add_argument(
        "--kills",
        type=int,
        metavar="N",
        help="how often the study is killed (default: 2)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Measure and print; return the exit status."""
    options = {
        name: value
        for name, value in vars(arguments).items()
        if name in set.union(*OWN.values()) and value is not None
    }
    for name in sorted(options.keys() - OWN[arguments.what]):
        option = {"size": "--large", "paths": "--path"}.get(
            name, f"--{name.replace('_', '-')}"
        )
        raise InvalidOption(f"{option} is no option of bench {arguments.what}")
    if arguments.repeat is not None:
        if arguments.repeat < 1:
            raise InvalidOption(f"--repeat is {arguments.repeat}, expected at least 1")
        options["repeat"] = arguments.repeat
    if options.get("workers", 1) < 1:
        raise InvalidOption(f"--workers is {options['workers']}, expected at least 1")
    benchmarks = {
        "window": _window,
        "kernels": _kernels,
        "fleet": _fleet,
        "server": _server,
        "horizon": _horizon,
        "placement": _placement,
        "study": _killed_study,
    }
    return benchmarks[arguments.what](options, arguments)


def _window(options: dict[str, Any], arguments: argparse.Namespace) -> int:
    from ekya_opt.benchmarks.window import bench_window
    from ekya_opt.progress import Ticker
    from ekya_opt.reading import read

    options.setdefault("instance", EXAMPLE)
    read(options["instance"])
    with Ticker("bench") as ticker:
        report = bench_window(**options, progress=ticker.say)
    rows = [
        (
            part.name,
            f"{part.value:.3g}" if part.unit == "s" else f"{part.value:.0f}",
            part.unit,
            part.remark,
        )
        for part in report.measurements
    ]
    _print(
        report, arguments, text_table(("measured", "median", "unit", "remark"), rows)
    )
    return INTERRUPTED if report.interrupted else 0


def _kernels(options: dict[str, Any], arguments: argparse.Namespace) -> int:
    from ekya_opt.benchmarks.kernels import bench_kernels
    from ekya_opt.benchmarks.page import write_kernels
    from ekya_opt.benchmarks.tables import kernel_table, yardstick_table
    from ekya_opt.progress import Ticker

    page = _page(options)
    with Ticker("bench kernels") as ticker:
        report = bench_kernels(**options, progress=ticker.say)
    tables = yardstick_table(report.yardsticks), kernel_table(report)
    _print(report, arguments, "\n\n".join(map(_plain, tables)))
    if page is not None and not report.interrupted:
        write_kernels(page, report, _command(arguments))
    return _status(report)


def _fleet(options: dict[str, Any], arguments: argparse.Namespace) -> int:
    from ekya_opt.benchmarks.fleet import bench_fleet
    from ekya_opt.benchmarks.page import write_fleets
    from ekya_opt.benchmarks.tables import fleet_table
    from ekya_opt.progress import Ticker

    page = _page(options)
    options["streams"] = _counts("streams", options.get("streams", STREAMS))
    options["units"] = _counts("units", options.get("units", UNITS))
    with Ticker("bench fleet") as ticker:
        report = bench_fleet(**options, progress=ticker.say)
    _print(report, arguments, _plain(fleet_table(report)))
    if page is not None and not report.interrupted:
        write_fleets(page, report, _command(arguments))
    return _status(report)


def _server(options: dict[str, Any], arguments: argparse.Namespace) -> int:
    from ekya_opt.benchmarks.page import SERVER
    from ekya_opt.benchmarks.server import bench_server, server_table

    return _study(options, arguments, SERVER, bench_server, server_table)


def _horizon(options: dict[str, Any], arguments: argparse.Namespace) -> int:
    from ekya_opt.benchmarks.page import HORIZONS
    from ekya_opt.benchmarks.studies import bench_horizon, horizon_table

    return _study(options, arguments, HORIZONS, bench_horizon, horizon_table)


def _placement(options: dict[str, Any], arguments: argparse.Namespace) -> int:
    from ekya_opt.benchmarks.page import PLACEMENTS
    from ekya_opt.benchmarks.studies import bench_placement, placement_table

    return _study(options, arguments, PLACEMENTS, bench_placement, placement_table)


def _killed_study(options: dict[str, Any], arguments: argparse.Namespace) -> int:
    from ekya_opt.benchmarks.killed_study import overhead_table, study_table
    from ekya_opt.benchmarks.page import write_section
    from ekya_opt.benchmarks.study import SECTION, bench_study
    from ekya_opt.progress import Ticker

    if options.pop("repeat", None) is not None:
        raise InvalidOption("--repeat is no option of bench study")
    page = _page(options, [SECTION])
    with Ticker("bench study") as ticker:
        report = bench_study(**options, progress=ticker.say)
    tables = study_table(report), overhead_table(report)
    _print(report, arguments, "\n\n".join(map(_plain, tables)))
    for failure in report.failures:
        print(one_line(failure), file=sys.stderr)
    if page is not None:
        command = _command(arguments)
        write_section(page, SECTION, report, command, tables, ("numpy",))
    return 0 if report.passed else 1


def _study(
    options: dict[str, Any],
    arguments: argparse.Namespace,
    section: str,
    study: "Callable[..., StudyReport]",
    table: "Callable[[StudyReport], Table]",
) -> int:
    from ekya_opt.benchmarks.page import write_section
    from ekya_opt.progress import Ticker

    if options.pop("repeat", None) is not None:
        raise InvalidOption(f"--repeat is no option of bench {arguments.what}")
    if options.get("count", 0) < 0:
        raise InvalidOption(f"--count is {options['count']}, expected at least 0")
    if options.get("count") == 0 and not options.get("paths"):
        raise InvalidOption("--count is 0, expected at least 1 without --path")
    page = _page(options, [section])
    with Ticker(f"bench {arguments.what}") as ticker:
        report = study(**options, progress=ticker.say)
    _print(report, arguments, _plain(table(report)))
    for failure in report.failures:
        print(one_line(failure), file=sys.stderr)
    if page is not None and not report.interrupted:
        packages = ("numpy", "highspy", "ortools")
        write_section(
            page, section, report, _command(arguments), [table(report)], packages
        )
    return _status(report)


def _page(options: dict[str, Any], sections: Sequence[str] = ()) -> str | None:
    """Take the page out of the options after checking that it can be written."""
    from ekya_opt.benchmarks.page import SECTIONS, check_page
    from formulations.kernels.device import simulated

    page: str | None = options.pop("page", None)
    if page is not None:
        if options.get("size") == "tiny" or simulated():
            raise InvalidOption("--page is for times; here nothing is measured")
        check_page(page, sections or SECTIONS)
    return page


def _counts(name: str, text: str) -> tuple[int, ...]:
    try:
        counts = tuple(int(part) for part in text.split(","))
    except ValueError:
        counts = ()
    if not counts or min(counts) < 1:
        raise InvalidOption(f"--{name} is {text!r}, expected numbers such as {UNITS}")
    return counts


def _status(report: "KernelReport | FleetReport | StudyReport") -> int:
    if report.interrupted:
        return INTERRUPTED
    return 0 if report.passed else 1


def _print(report: "Report", arguments: argparse.Namespace, tables: str) -> None:
    if arguments.json:
        print(to_json(report.as_dict()))
        return
    for key, value in {**report.machine, **report.versions}.items():
        print(f"{key}: {value}")
    print(f"date: {report.date}\n\n{tables}")


def _plain(table: "Table") -> str:
    return text_table(table.columns, table.rows)


def _command(arguments: argparse.Namespace) -> str:
    """Return the command that made a table, as it is typed."""
    words = ["ekya-opt", "bench", arguments.what]
    for name in (
        *("repeat", "device", "runs", "kills", "workers", "streams", "units", "page"),
    ):
        value = getattr(arguments, name)
        if value is not None:
            words += [f"--{name}", str(value)]
    for name in ("count", "time_limit"):
        value = getattr(arguments, name)
        if value is not None:
            words += [f"--{name.replace('_', '-')}", f"{value:g}"]
    for path in arguments.paths or []:
        words += ["--path", path if path.startswith(SHIPPED) else Path(path).name]
    if arguments.size is not None:
        words.append(f"--{arguments.size}")
    return shlex.join(words)
