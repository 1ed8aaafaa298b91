"""Check a schedule file against the referee.

Exit status 0 means that the schedule breaks no rule of the instance and that the
claimed objective holds; every violation and false claim is printed.
"""

import argparse

from ekya_opt.commands.arguments import add_instance, add_json, read_with_changes
from ekya_opt.text import number, one_line, text_table, to_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_instance(parser)
    parser.add_argument(
        "schedule", metavar="SCHEDULE.json", help="schedule file to check"
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Check and print; return the exit status."""
    from ekya_opt.checking import check
    from formulations.schedule_files import read_schedule

    instance = read_with_changes(arguments)
    file = read_schedule(arguments.schedule)
    verdict = check(instance, file)
    evaluation = verdict.evaluation
    if arguments.json:
        content = {
            "instance": instance.name,
            "passed": verdict.passed,
            "feasible": evaluation.feasible,
            "objective": evaluation.objective,
            "claimed_objective": verdict.claimed,
            "violations": evaluation.violations,
            "false_claims": verdict.false_claims,
        }
        print(to_json(content))
    else:
        rows = [
            ("instance", instance.name),
            ("passed", "yes" if verdict.passed else "no"),
            ("feasible", "yes" if evaluation.feasible else "no"),
            ("objective", number(evaluation.objective)),
            ("claimed objective", number(verdict.claimed)),
        ]
        print(text_table(("check", ""), rows))
        for sentence in (*evaluation.violations, *verdict.false_claims):
            print(one_line(sentence))
    return 0 if verdict.passed else 1
