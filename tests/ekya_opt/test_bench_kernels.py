"""The benchmark of the kernels: what it checks and reports, not how fast it is."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ekya_opt.benchmarks import kernels, table_cases
from ekya_opt.benchmarks.cases import TINY, largest_difference
from ekya_opt.benchmarks.kernels import bench_kernels
from ekya_opt.benchmarks.page import CPU_KERNELS, SECTIONS, marks, replaced
from ekya_opt.benchmarks.tables import kernel_table, significant
from formulations.kernels.batches import evaluate_batch
from formulations.kernels.device import missing_for_cuda
from formulations.kernels.profiles import profiles_of
from formulations.kernels.shares import share_table
from instances import EkyaOptError

ROOT = Path(kernels.__file__).resolve().parents[2]
PAGE = ROOT / "notebooks" / "kernels.md"
KERNELS = {
    "value table",
    "share table",
    "batched evaluation",
    "batched evaluation, single precision",
    "simulation",
    "local search",
    "sweep",
    "plan check",
}


@pytest.fixture(scope="module")
def report() -> Any:
    """Return the report of the smallest run on the CPU."""
    return bench_kernels(device="cpu", workers=2, repeat=1, size="tiny")


def test_every_kernel_is_measured_and_right(report: Any) -> None:
    """Each with its reference, one thread and two; within what it states."""
    assert {row.kernel for row in report.rows} == KERNELS
    for kernel in KERNELS:
        ways = {row.way for row in report.rows if row.kernel == kernel}
        assert {"CPU × 1", "CPU × 2"} < ways
        assert ways & {"NumPy", "plain Python"}
    assert report.passed
    assert all(row.difference is not None for row in report.rows if row.copy_share)


def test_rates_and_shares_fit_together(report: Any) -> None:
    """Shares and ratios are those of the rows that they compare."""
    limits = {each.way: each for each in report.yardsticks}
    rates = {
        (row.kernel, row.size): row.rate for row in report.rows if not row.copy_share
    }
    for row in report.rows:
        if row.copy_share is None:
            continue
        traffic = row.bytes_an_item * row.rate
        assert row.copy_share == pytest.approx(traffic / limits[row.way].copied)
        reference = rates[row.kernel, row.size]
        assert row.ratio == pytest.approx(row.rate / reference)
        if row.peak_share is not None:
            single = "single" in row.kernel
            limit = limits[row.way]
            peak = limit.single_operations if single else limit.operations
            done = row.operations_an_item * row.rate
            assert row.peak_share == pytest.approx(done / peak)


def test_compulsory_traffic_on_paper(report: Any) -> None:
    """A candidate of 3 streams reads 3 codes of 2 bytes and writes 8.

    The table is read once: 8 bytes for each of the cells, for all 20 candidates.
    """
    columns = table_cases.window_of(3, 4, "never")
    cells = share_table(profiles_of(columns), device="cpu").values.size
    rows = [row for row in report.rows if row.kernel == "batched evaluation"]
    assert [row.items for row in rows] == [20] * 3
    assert rows[1].bytes_an_item == pytest.approx(3 * 2 + 8 + 8 * cells / 20)


def test_a_wrong_kernel_is_told(
    run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With a value that is off by a billionth the exit status is 1."""

    def wrong(*given: Any, **own: Any) -> Any:
        return evaluate_batch(*given, **own) + 1e-9

    monkeypatch.setattr(table_cases, "evaluate_batch", wrong)
    outcome = run("bench", "kernels", "--tiny", "--device", "cpu", "--repeat", 1)
    assert outcome.status == 1
    lines = [line for line in outcome.out.splitlines() if "WRONG" in line]
    assert lines
    assert all(line.startswith("batched evaluation ") for line in lines)
    assert all("1.0e-09 > " in line for line in lines)


def test_the_command_prints_json(run: Any) -> None:
    """Machine, yardsticks and rows, with rates and verdicts."""
    outcome = run(
        *("bench", "kernels", "--tiny", "--device", "cpu", "--workers", 1),
        *("--repeat", 1, "--json"),
    )
    assert outcome.status == 0, outcome
    told = outcome.data
    assert told["passed"]
    assert told["device"] is None
    assert told["machine"]["processor"]
    assert [each["way"] for each in told["yardsticks"]] == ["CPU × 1"]
    row = told["rows"][0]
    assert row["rate"] == pytest.approx(row["items"] / row["seconds"])
    assert row["passed"]


def test_an_interrupt_keeps_what_is_measured() -> None:
    """Ctrl-C ends the benchmark with the rows so far."""

    def stop(what: str) -> None:
        if what.startswith("share table"):
            raise KeyboardInterrupt

    report = bench_kernels(device="cpu", repeat=1, size="tiny", progress=stop)
    assert report.interrupted
    assert {row.kernel for row in report.rows} == {"value table"}


def test_a_device_that_is_not_there_is_told(run: Any) -> None:
    """Asking for CUDA without a device says what is missing, in one line."""
    if missing_for_cuda() is None:
        pytest.skip("there is a device")
    outcome = run("bench", "kernels", "--device", "cuda")
    assert outcome.status == 2
    assert "device cuda is not available" in outcome.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("window", "--device", "cpu"), "--device is no option of bench window"),
        (("kernels", "--literal"), "--literal is no option of bench kernels"),
        (("fleet", "--large"), "--large is no option of bench fleet"),
        (("kernels", "--repeat", "0"), "--repeat is 0"),
        (("kernels", "--workers", "0"), "--workers is 0"),
        (("fleet", "--streams", "10,x"), "--streams is '10,x'"),
        (("fleet", "--units", "0"), "--units is '0'"),
        (("kernels", "--page", "missing.md"), "missing.md"),
        (("kernels", "--tiny", "--page", "x.md"), "nothing is measured"),
    ],
)
def test_wrong_options_are_told(run: Any, words: Any, message: str) -> None:
    """An option of another benchmark, or out of its domain, is bad usage."""
    outcome = run("bench", *words)
    assert outcome.status == 2
    assert message in outcome.err
    assert len(outcome.err.splitlines()) == 1


def test_the_page_has_all_sections() -> None:
    """The shipped page has the marks between which tables are written."""
    text = PAGE.read_text(encoding="utf-8")
    for name in SECTIONS:
        assert "between" in replaced(text, name, "between", "kernels.md")


def test_a_section_is_written_and_the_rest_stays(
    run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The table lands between its marks; text and other sections stay."""
    page = tmp_path / "page.md"
    sections = ["\n".join([*marks(name), f"after {name}"]) for name in SECTIONS]
    page.write_text("\n".join(["before", *sections]), encoding="utf-8")
    monkeypatch.setitem(kernels.SIZES, "usual", TINY)
    outcome = run(
        *("bench", "kernels", "--device", "cpu", "--repeat", 1, "--page", page)
    )
    assert outcome.status == 0, outcome
    text = page.read_text(encoding="utf-8")
    begin, end = marks(CPU_KERNELS)
    section = text[text.index(begin) : text.index(end)]
    assert "| kernel | size | way |" in section
    assert "ekya-opt bench kernels --repeat 1 --device cpu" in section
    assert len([line for line in section.splitlines() if "| sweep |" in line]) >= 6
    rest = replaced(text, CPU_KERNELS, "", "page.md").split()
    assert rest == "\n".join(["before", *sections]).split()


def test_a_page_without_marks_is_refused_early(run: Any, tmp_path: Path) -> None:
    """Nothing is measured for a page that cannot take it."""
    page = tmp_path / "page.md"
    page.write_text("no marks", encoding="utf-8")
    outcome = run("bench", "kernels", "--page", page)
    assert outcome.status == 2
    assert "has no section between" in outcome.err
    with pytest.raises(EkyaOptError, match="no section"):
        replaced("<!-- end x --> <!-- begin x -->", "x", "", "page.md")


def test_numbers_for_people() -> None:
    """Three significant digits, with a prefix where numbers are large."""
    told = [significant(x) for x in (None, 0.01234, 999.4, 1234.5, 12_345, 4.2e6, 7e9)]
    assert told == ["-", "0.0123", "999", "1234", "12.3 k", "4.2 M", "7 G"]


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ([1.0, -np.inf], [1.0, -np.inf], 0.0),
        ([1.0, 2.0], [1.5, 2.0], 0.5),
        ([1.0], [-np.inf], np.inf),
        ([1.0], [np.nan], np.inf),
        ([1.0], [1.0, 2.0], np.inf),
    ],
)
def test_differences(one: Any, other: Any, apart: float) -> None:
    """Equal infinities differ by nothing; anything that is no number by infinity."""
    assert largest_difference(one, other) == apart


def test_everything_runs_on_the_simulated_device(
    python_environment: Callable[..., dict[str, str]],
) -> None:
    """With numba's simulator all CUDA kernels run, resident and not, and are right."""
    pytest.importorskip("numba_cuda")
    simulator = {"NUMBA_ENABLE_CUDASIM": "1", "NUMBA_DISABLE_JIT": "1"}
    words = ["kernels", "--tiny", "--device", "cuda", "--repeat", "1", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "ekya_opt", "bench", *words],
        env=python_environment() | simulator,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done
    rows = json.loads(done.stdout)["rows"]
    for way in ("CUDA", "CUDA, with copies"):
        ran = {row["kernel"] for row in rows if row["way"] == way}
        missing = {"plan check"} | ({"local search"} if way == "CUDA" else set())
        assert ran == KERNELS - missing


def test_every_difference_is_shown(report: Any) -> None:
    """Each row of a table shows how far it is from the reference."""
    table = kernel_table(report)
    differences = [row[-1] for row in table.rows if row[2].startswith("CPU")]
    assert differences
    assert all(" ≤ " in text for text in differences)


def test_the_script_for_gpus_refuses_without_one(
    python_environment: Callable[..., dict[str, str]],
) -> None:
    """``.ci/gpu`` ends at once, with a reason, where there is no device."""
    if missing_for_cuda() is None:
        pytest.skip("there is a device, or its simulator")
    done = subprocess.run(
        [str(ROOT / ".ci" / "gpu")],
        env=python_environment() | {"PYTHON": sys.executable},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(".ci/gpu: there is no GPU to check on: ")
    assert not done.stdout
