"""Exported models: other solvers read them and find the optimum."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import highspy
import pytest
from hypothesis import given, settings
from ortools.sat import cp_model_pb2
from ortools.sat.python import cp_model

from formulations.export import export
from formulations.window_cp import SCALE
from instances import (
    EkyaOptError,
    Instance,
    InvalidOption,
    Reallocation,
    SolverUnavailable,
)
from instances.placement import Gpu, Placement
from solvers import Options, solve
from tests.horizons import camera, config, horizon
from tests.small import retraining, stream, window
from tests.strategies import instances

CITIES = window(
    stream("Zürich, a very long name of a street indeed — north"),
    stream("日本", retraining=(retraining(20, 0.9),)),
    stream(" a b ", accuracy=0.7),
)
MILP_FILES = [
    (formulation, format)
    for formulation in ("compact", "literal")
    for format in ("lp", "mps")
]


def read(path: Path) -> highspy.Highs:
    """Return HiGHS with the model of a file."""
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("mip_rel_gap", 0.0)
    assert highs.readModel(str(path)) == highspy.HighsStatus.kOk
    return highs


@pytest.mark.parametrize(("formulation", "format"), MILP_FILES)
@settings(max_examples=15)
@given(instance=instances(max_units=5))
def test_files_solve_to_the_optimum(
    tmp_path_factory: pytest.TempPathFactory,
    formulation: str,
    format: str,
    instance: Instance,
) -> None:
    """HiGHS reads back ±1e3 · V times dp's optimum, or infeasibility."""
    path = tmp_path_factory.mktemp("export") / f"model.{format}"
    export(instance, formulation, format, path)
    highs = read(path)
    highs.run()
    expected = solve(instance, "dp").objective
    if expected is None:
        assert highs.getModelStatus() == highspy.HighsModelStatus.kInfeasible
        return
    found = highs.getInfo().objective_function_value
    sign = 1 if format == "lp" else -1
    scale = sign * 1e3 * len(instance.streams)
    assert found / scale == pytest.approx(expected, abs=1e-7)


@settings(max_examples=15)
@given(instance=instances(max_units=5))
def test_the_proto_solves_to_the_optimum(
    tmp_path_factory: pytest.TempPathFactory, instance: Instance
) -> None:
    """CP-SAT loads the proto back and finds 1e9 times dp's optimum, rounded."""
    path = tmp_path_factory.mktemp("export") / "model.pb"
    export(instance, "cp-sat", "proto", path)
    message = cp_model_pb2.CpModelProto()
    message.ParseFromString(path.read_bytes())
    model = cp_model.CpModel()
    model.proto.parse_text_format(str(message))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    status = solver.solve(model)
    expected = solve(instance, "dp").objective
    if expected is None:
        assert status == cp_model.INFEASIBLE
    else:
        assert solver.objective_value / SCALE == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("format", ["lp", "mps", "proto"])
@settings(max_examples=15)
@given(instance=instances(max_units=4, reallocation="server", slot_seconds=20))
def test_time_indexed_files_solve_to_the_optimum(
    tmp_path_factory: pytest.TempPathFactory, format: str, instance: Instance
) -> None:
    """HiGHS and CP-SAT read back the server's model with the optimum of the other."""
    path = tmp_path_factory.mktemp("export") / f"model.{format}"
    is_proto = format == "proto"
    export(instance, "cp-sat" if is_proto else "compact", format, path)
    other = Options(settings={"presolve": "none"})
    expected = solve(instance, "milp" if is_proto else "cp-sat", other).objective
    if is_proto:
        message = cp_model_pb2.CpModelProto()
        message.ParseFromString(path.read_bytes())
        model = cp_model.CpModel()
        model.proto.parse_text_format(str(message))
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        proved_infeasible = solver.solve(model) == cp_model.INFEASIBLE
        found = solver.objective_value / SCALE
    else:
        highs = read(path)
        highs.run()
        infeasible = highspy.HighsModelStatus.kInfeasible
        proved_infeasible = highs.getModelStatus() == infeasible
        found = highs.getInfo().objective_function_value
        found /= (1 if format == "lp" else -1) * 1e3 * len(instance.streams)
    assert proved_infeasible == (expected is None)
    if expected is not None:
        assert found == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize(("formulation", "format"), MILP_FILES)
def test_names_are_legal_and_say_what_they_are(
    tmp_path: Path, formulation: str, format: str
) -> None:
    """Names are unique ASCII of at most 60 characters that show stream and units."""
    path = tmp_path / f"model.{format}"
    export(CITIES, formulation, format, path)
    wanted = {
        "compact": "take_s2_a_b_5units",
        "literal": "phi_s1_g0_l0_R5_I5",
    }
    check_names(path, wanted[formulation])
    if formulation == "compact":
        server = replace(CITIES, reallocation=Reallocation.SERVER, slot_seconds=50)
        export(server, formulation, format, path)
        check_names(path, "serve_s1_0_1_1")


def check_names(path: Path, wanted: str) -> None:
    """Check the names of a model's variables, and that one of them is there."""
    names = read(path).allVariableNames()
    assert len(set(names)) == len(names)
    assert all(name.isascii() and name.isidentifier() for name in names)
    assert max(map(len, names)) <= 60
    assert wanted in names
    assert "scaled_accuracy" in path.read_text(encoding="ascii")


@pytest.mark.parametrize(
    ("formulation", "format", "message"),
    [
        ("compact", "proto", "expected lp or mps for formulation compact"),
        ("cp-sat", "lp", "expected proto for formulation cp-sat"),
        ("dp", "lp", "expected one of compact, literal, cp-sat"),
    ],
)
def test_what_cannot_be_exported_is_refused(
    tmp_path: Path, formulation: str, format: str, message: str
) -> None:
    """A wrong formulation or format is one clear line, and writes nothing."""
    with pytest.raises(InvalidOption, match=message) as caught:
        export(CITIES, formulation, format, tmp_path / "model")
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("formulation", "format", "problem", "message"),
    [
        (
            "literal",
            "lp",
            replace(CITIES, reallocation=Reallocation.SERVER, slot_seconds=50),
            "literal is not for a server window, expected one of: static window",
        ),
        (
            "cp-sat",
            "proto",
            horizon(camera((config(10, 0.9),))),
            "cp-sat is not for a static horizon, expected one of: static window, ",
        ),
    ],
    ids=["literal-server", "cp-sat-static-horizon"],
)
def test_formulations_of_other_problems_are_refused(
    tmp_path: Path, formulation: str, format: str, problem: Any, message: str
) -> None:
    """One line says for which problems a formulation is, and nothing is written."""
    with pytest.raises(SolverUnavailable, match=message) as caught:
        export(problem, formulation, format, tmp_path / "model")
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("reallocation", ["never", "server"])
def test_horizons_are_exported(tmp_path: Path, reallocation: str) -> None:
    """A model of two windows that pays later, 0.7 with slots and 0.695 without.

    45 unit-slots on five free units end after 90 s. In slots the training may wait
    until 10 s, so that nothing is served at 0.4: (0.5 + 0.9) / 2.
    """
    problem = horizon(camera((config(45, 0.4, later_accuracy=(0.9,)),), ()))
    expected = 0.695
    if reallocation == "server":
        expected = 0.7
        problem = replace(problem, reallocation=Reallocation.SERVER, slot_seconds=10)
    path = tmp_path / "model.lp"
    export(problem, "compact", "lp", path)
    highs = read(path)
    highs.run()
    found = highs.getInfo().objective_function_value / (1e3 * 1 * 2)
    assert found == pytest.approx(expected, abs=1e-7)


def test_placements_are_exported(tmp_path: Path) -> None:
    """Two streams that each fill half of the one GPU serve fully: 0.5."""
    problem = Placement(
        name="two",
        window_seconds=100,
        gpus=(Gpu(name="one"),),
        units_per_gpu=10,
        streams=(stream("A"), stream("B")),
    )
    path = tmp_path / "model.mps"
    export(problem, "compact", "mps", path)
    highs = read(path)
    highs.run()
    found = -highs.getInfo().objective_function_value / (1e3 * 2)
    assert found == pytest.approx(0.5, abs=1e-7)


def test_nothing_is_left_of_a_failed_export(tmp_path: Path) -> None:
    """A file that cannot be written is an error that names it."""
    with pytest.raises(EkyaOptError, match="cannot be written"):
        export(CITIES, "compact", "lp", tmp_path / "missing" / "model.lp")
    assert list(tmp_path.iterdir()) == []
