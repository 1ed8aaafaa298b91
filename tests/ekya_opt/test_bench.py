"""The benchmark command: what it reports, not how fast it is."""

from typing import Any

import pytest

from ekya_opt.benchmarks.window import NUM_STREAMS, bench_window, paper_size


def test_the_instance_has_the_papers_size() -> None:
    """10 streams, 8 GPUs in units of 1/10, 18 configs (Ekya, §6.2)."""
    instance = paper_size()
    assert len(instance.streams) == NUM_STREAMS
    assert instance.total_units == 80
    assert {len(stream.retraining) for stream in instance.streams} == {18}


def test_the_report_names_machine_versions_and_medians(
    run: Any, worked_file: Any
) -> None:
    """Solvers, models and the cold command line are all measured."""
    outcome = run("bench", "--repeat", 1, "--instance", worked_file, "--json")
    assert outcome.status == 0, outcome
    report = outcome.data
    assert report["machine"]["cores"] >= 1
    assert report["machine"]["processor"]
    assert "numpy" in report["versions"]
    assert not report["interrupted"]
    parts = {part["name"]: part for part in report["measurements"]}
    assert "9.4 s" in parts["value table and dp, reallocation never"]["remark"]
    assert parts["solve with thief, reallocation stream"]["value"] > 0
    ratio = parts["literal to compact"]["value"]
    variables = [
        parts[f"variables of the {name} model"]["value"]
        for name in ("literal", "compact")
    ]
    assert ratio == pytest.approx(variables[0] / variables[1])
    assert ratio > 1
    assert parts["ekya-opt --help"]["unit"] == "s"
    assert f"ekya-opt solve {worked_file}" in parts


def test_an_interrupt_keeps_what_is_measured() -> None:
    """Ctrl-C ends the benchmark with the measurements so far."""

    def stop(what: str) -> None:
        if what.startswith("solve"):
            raise KeyboardInterrupt

    report = bench_window(repeat=1, progress=stop)
    assert report.interrupted
    assert [part.name for part in report.measurements] == [
        "value table and dp, reallocation never",
        "value table and dp, reallocation stream",
    ]
