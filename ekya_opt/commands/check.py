"""Check a schedule file against the referee.

Exit status 0 means that the schedule breaks no rule of the instance, that the claimed
objective holds, and that a certificate, where there is one, proves the claimed bound
from the instance alone; every violation and false claim is printed.
"""

import argparse
from typing import TYPE_CHECKING, Any

from ekya_opt.commands.arguments import (
    add_instance,
    add_json,
    read_columns_with_changes,
    read_with_changes,
)
from ekya_opt.text import number, one_line, text_table, to_json

if TYPE_CHECKING:
    from ekya_opt.checking import Check
    from formulations.certificate import Certificate

BOUND_DIGITS = 9


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_instance(parser)
    parser.add_argument(
        "schedule", metavar="SCHEDULE.json", help="schedule file to check (or .npz)"
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Check and print; return the exit status."""
    from ekya_opt.checking import check
    from instances.instance_files import holds_columns

    in_columns = holds_columns(arguments.schedule)
    read = read_columns_with_changes if in_columns else read_with_changes
    problem = read(arguments)
    verdict = check(problem, arguments.schedule)
    if arguments.json:
        print(to_json(_content(problem.name, verdict)))
    else:
        print(text_table(("check", ""), _rows(problem.name, verdict, in_columns)))
        for sentence in (*verdict.evaluation.violations, *verdict.false_claims):
            print(one_line(sentence))
        if verdict.reproof is not None and verdict.reproof.holds:
            print(one_line(verdict.reproof.explanation))
    return 0 if verdict.passed else 1


def _content(name: str, verdict: "Check") -> dict[str, Any]:
    evaluation = verdict.evaluation
    certificate = None
    if verdict.certificate is not None and verdict.reproof is not None:
        certificate = verdict.certificate.as_dict() | verdict.reproof.as_dict()
    return {
        "instance": name,
        "passed": verdict.passed,
        "feasible": evaluation.feasible,
        "objective": evaluation.objective,
        "claimed_objective": verdict.claimed,
        "claimed_bound": verdict.bound,
        "violations": evaluation.violations,
        "false_claims": verdict.false_claims,
        "referee": verdict.referee,
        "certificate": certificate,
    }


def _rows(name: str, verdict: "Check", in_columns: bool) -> list[tuple[str, str]]:
    evaluation = verdict.evaluation
    rows = [
        ("instance", name),
        ("passed", _yes(verdict.passed)),
        ("feasible", _yes(evaluation.feasible)),
        ("objective", number(evaluation.objective)),
        ("claimed objective", number(verdict.claimed)),
    ]
    if in_columns:
        rows.append(("referee", verdict.referee))
    reproof = verdict.reproof
    if verdict.certificate is not None and reproof is not None:
        rows += [
            ("claimed bound", number(verdict.bound, BOUND_DIGITS)),
            ("certificate holds", _yes(reproof.holds)),
            _priced(verdict.certificate),
            ("Lagrangian bound", number(reproof.lagrangian_bound, BOUND_DIGITS)),
            ("proven bound", number(reproof.proven_bound, BOUND_DIGITS)),
            ("proven in", reproof.method),
        ]
    return rows


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"


def _priced(certificate: "Certificate") -> tuple[str, str]:
    """Return what a certificate's price is, or how many rows of prices it has."""
    if certificate.price is None:
        return "rows of prices", str(len(certificate.prices or ()))
    return "price of a unit", f"{certificate.price:.9g}"
