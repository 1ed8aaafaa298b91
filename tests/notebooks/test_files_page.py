"""The page on files shows files that are what it says."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from formulations.problems import any_schedule_from_dict, evaluate_any
from instances.problems import problem_from_dict

PAGE = Path(__file__).parents[2] / "notebooks" / "files.md"


def examples() -> list[dict[str, Any]]:
    """Return the JSON files on the page."""
    blocks = re.findall(r"```json\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    return [json.loads(block) for block in blocks]


def is_problem(example: dict[str, Any]) -> bool:
    """Return whether an example is a problem and no schedule."""
    return "name" in example


def test_the_page_shows_a_problem_and_a_schedule_of_each_kind() -> None:
    """Every problem on the page has its schedule, which names it."""
    problems = {each["name"] for each in examples() if is_problem(each)}
    solved = {each["instance"] for each in examples() if not is_problem(each)}
    assert problems == solved
    assert problems == {"one-window", "two-windows", "two-gpus"}


@pytest.mark.parametrize(
    "schedule",
    [each for each in examples() if not is_problem(each)],
    ids=lambda each: each["instance"],
)
def test_the_schedules_are_worth_what_they_claim(schedule: dict[str, Any]) -> None:
    """The files are read, break no rule, and their objectives are those claimed."""
    (problem,) = [
        problem_from_dict(each)
        for each in examples()
        if is_problem(each) and each["name"] == schedule["instance"]
    ]
    file = any_schedule_from_dict(schedule)
    verdict = evaluate_any(problem, file.schedule)
    assert verdict.violations == ()
    assert verdict.objective == pytest.approx(file.objective, abs=1e-9)
