"""Benchmarks of the kernels that go over whole fleets."""

from collections.abc import Iterator
from dataclasses import fields, replace
from functools import partial
from typing import Any

import numpy as np

from ekya_opt.benchmarks.cases import (
    Case,
    Resident,
    Sizes,
    largest_difference,
    unequal,
)
from ekya_opt.benchmarks.table_cases import AGREEMENT, MODES, named, profile_bytes
from formulations.evaluate import evaluate
from formulations.kernels import operations
from formulations.kernels.plan_check import PlanVerdict, verify_plan
from formulations.kernels.profiles import profiles_of
from formulations.kernels.sweeps import Prices, Survey, survey_streams
from formulations.kernels.sweeps_numpy import numpy_survey
from formulations.kernels.tables_numpy import numpy_table
from formulations.schedule_columns import ScheduleColumns
from instances.columns import Columns
from instances.generators import generate_columns
from solvers import solve

UNITS_A_STREAM = 4
UNITS_PER_GPU = 10
ROW = 256
"""Units at which rows end, as in the fleet solver's first sweep."""

NEAR = 0.01
"""Half the width of the range of prices around the break's, as a share of it."""

FEW = 1_000
"""Streams that the plain referee looks at, and the NumPy sweep of larger fleets."""


def fleet_cases(sizes: Sizes) -> Iterator[Case]:
    """Return sweeps and plan checks, one after the other."""
    for count in sizes.fleets:
        columns = fleet_of(count, UNITS_A_STREAM)
        for mode in MODES:
            changed = columns.changed(reallocation=mode)
            first = count == sizes.fleets[0]
            plan = solve(changed, "fleet")
            assert plan.schedule_columns is not None
            price = plan.metadata["certificate"]["price"]
            yield sweep_case(changed, price, count if first else min(FEW, count))
            yield check_case(changed, plan.schedule_columns)


def fleet_of(num_streams: int, units: int, num_types: int | None = None) -> Columns:
    """Return a fleet with so many units a stream, seed 0."""
    gpus = num_streams * units / UNITS_PER_GPU
    own: dict[str, Any] = {"units_per_gpu": UNITS_PER_GPU, "num_types": num_types}
    return generate_columns("fleet", num_streams, gpus, 0, **own)


def sweep_case(columns: Columns, price: float, checked: int) -> Case:
    """Return the case of a sweep at prices near the break's.

    The NumPy way makes value tables, whole up to the most useful units. It is timed
    if all streams are checked.
    """
    count = columns.num_streams
    profiles, streams = profiles_of(columns, ROW), np.arange(count)
    slack = price * min(4.0, max(0.01, 2000.0 / count))
    prices = Prices(low=price * (1 - NEAR), high=price * (1 + NEAR), slack=slack)
    survey = survey_streams(profiles, streams, prices)
    caps = np.minimum(survey.useful, profiles.total_units).astype(np.int64)
    counted = operations.row_operations(profiles, caps)
    written = [np.asarray(getattr(survey, each.name)) for each in fields(survey)]
    few = part_of(columns, checked)
    scale = count / checked
    scaled = Prices(
        low=prices.low * scale, high=prices.high * scale, slack=prices.slack * scale
    )

    def resident() -> Resident:
        from formulations.kernels import sweeps_cuda
        from formulations.kernels.cuda import cuda, launch, on_device, to_host
        from formulations.kernels.rows import WORK_ROWS, work_width

        width = work_width(profiles, profiles.total_units)
        threads = sweeps_cuda.WORK_BYTES // (8 * WORK_ROWS * width)
        threads = max(1, min(count, threads))
        work = cuda.device_array((WORK_ROWS, width, threads), np.float64)
        results = [cuda.device_array(count, part.dtype) for part in written]
        there = on_device(profiles), cuda.to_device(streams)
        asked = prices.low, prices.high, prices.slack
        arguments = *there, *asked, work, *results
        run = partial(launch, sweeps_cuda.survey_kernel, threads, *arguments)
        return Resident(run, lambda: Survey(**_named(results, to_host)))

    def on_device() -> Survey:
        from formulations.kernels.cuda import on_device

        there = on_device(profiles)
        return survey_streams(profiles, streams, prices, resident=there)

    def difference(expected: Survey, found: Survey) -> float:
        few_found = replace(found, worth=found.worth * scale).expanded(
            streams[:checked]
        )
        return survey_difference(expected, few_found)

    return Case(
        kernel="sweep",
        size=named(columns),
        item="stream",
        items=count,
        bytes_moved=profile_bytes(profiles)
        + streams.nbytes
        + sum(part.nbytes for part in written),
        operations=counted,
        device_operations=counted,
        reference=lambda: numpy_survey(numpy_table(few, int(caps.max())), scaled),
        reference_items=count if checked == count else 0,
        on_cpu=lambda workers: survey_streams(
            profiles, streams, prices, workers=workers
        ),
        on_device=on_device,
        resident=resident,
        difference=difference,
        tolerance=AGREEMENT,
    )


def check_case(columns: Columns, plan: ScheduleColumns) -> Case:
    """Return the case of the compiled referee against the plain one."""
    checked = min(FEW, columns.num_streams)
    instance = part_of(columns, checked).instance()
    few = ScheduleColumns(
        retraining=plan.retraining[:checked],
        inference_units=plan.inference_units[:checked],
        training_units=plan.training_units[:checked],
    ).schedule(instance)
    inputs = (plan.retraining, plan.inference_units, plan.training_units)

    def referee() -> Any:
        evaluation = evaluate(instance, few)
        return np.array([each.accuracy for each in evaluation.streams])

    def difference(expected: Any, found: PlanVerdict) -> float:
        if not found.feasible:
            return np.inf
        return largest_difference(expected, found.accuracy[:checked])

    return Case(
        kernel="plan check",
        size=named(columns),
        item="stream",
        items=columns.num_streams,
        bytes_moved=profile_bytes(profiles_of(columns, 0))
        + sum(part.nbytes for part in inputs)
        + 9 * columns.num_streams,
        judge="plain Python",
        reference=referee,
        reference_items=checked,
        on_cpu=lambda workers: verify_plan(columns, plan, workers=workers),
        difference=difference,
        tolerance=AGREEMENT,
    )


def part_of(columns: Columns, count: int) -> Columns:
    """Return a fleet's first streams, with as many units a stream."""
    if count == columns.num_streams:
        return columns
    part = fleet_of(count, UNITS_A_STREAM)
    return part.changed(reallocation=columns.reallocation)


def survey_difference(expected: Survey, found: Survey) -> float:
    """Return the largest difference of what is worth; units and counts are the same."""
    names = ("fewest", "largest", "count")
    return max(
        largest_difference(expected.worth, found.worth),
        *(unequal(getattr(expected, name), getattr(found, name)) for name in names),
    )


def _named(results: list[Any], to_host: Any) -> dict[str, Any]:
    names = [each.name for each in fields(Survey)]
    return dict(zip(names, map(to_host, results), strict=True))
