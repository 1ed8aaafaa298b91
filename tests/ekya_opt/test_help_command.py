"""The command that explains: every topic has its text, from where it is at home."""

import re
from collections.abc import Callable
from typing import Any

import pytest

import ekya_opt
from ekya_opt.cli import COMMANDS, main
from ekya_opt.docstrings import docstring_of, parameters_of, plain_text
from ekya_opt.topics import TOPICS, topic_names, topic_text
from solvers import get_solver, solver_names
from solvers.registry import kinds_of

OWN_TOPICS = [name for group in TOPICS.values() for name in group]
HEAVY = {"numba", "pandas", "pulp", "ortools", "networkx", "matplotlib", "sqlite3"}


def test_without_a_topic_all_are_listed(capsys: Any) -> None:
    """Every topic, solver and command has a line that says something."""
    assert main(["help"]) == 0
    listed = capsys.readouterr().out
    lines = dict(re.findall(r"^  (\S+) +(\S.*)$", listed, flags=re.MULTILINE))
    commands = {name.replace("_", "-") for name in COMMANDS}
    assert set(lines) == {*OWN_TOPICS, *solver_names(), *commands}
    assert min(map(len, lines.values())) > 20
    lists = ("solvers", "commands", "python")
    for name in lists:
        assert name in listed
    assert set(topic_names()) == {*lines, *lists}


@pytest.mark.parametrize("solver", solver_names())
def test_every_solver_tells_its_settings(solver: str) -> None:
    """Each setting has its default, its domain and a text of its own."""
    text = topic_text(solver)
    for kind in kinds_of(solver):
        entry = get_solver(solver, kind)
        assert f"{solver} ({entry.kind}) for a {kind}" in text
        _, told = parameters_of(docstring_of_function(entry.function))
        described = {name for key in told for name in key.split(", ")}
        for setting in entry.settings:
            assert setting.name in described, (solver, kind, setting.name)
            assert f"[{setting.domain}]" in text
            value = str(setting.default)
            if isinstance(setting.default, bool):
                value = value.lower()
            assert f"\n{setting.name}={value}  [" in text


def docstring_of_function(function: Any) -> str:
    """Return what the sources say of a function."""
    return docstring_of(f"{function.__module__}:{function.__name__}")


@pytest.mark.parametrize("topic", OWN_TOPICS)
def test_topics_are_docstrings_of_what_there_is(topic: str) -> None:
    """Every place of a topic has a docstring, and no mark of its markup is left."""
    for group in TOPICS.values():
        for place in group.get(topic, ()):
            _, _, name = place.partition(":")
            assert docstring_of(place), place
            assert f"{name}\n{'=' * len(name)}\n" in topic_text(topic) or not name
    text = topic_text(topic)
    assert "``" not in text
    assert ":class:" not in text
    assert topic_text(topic.upper().replace("-", "_")) == text


def test_every_public_name_is_a_topic() -> None:
    """What is imported from ekya_opt is explained, with how it is called."""
    for name in ekya_opt.__all__:
        if name != "__version__":
            assert len(topic_text(name).splitlines()) > 2, name
    listed = re.findall(r"^  (\w+) +\w.*$", topic_text("python"), flags=re.MULTILINE)
    made_here = {name for name in ekya_opt.__all__ if callable(getattr(ekya_opt, name))}
    assert set(listed) == made_here - {"replace"}
    assert topic_text("evaluate").startswith("ekya_opt.evaluate(instance: Instance")
    assert "Eq. 1" in topic_text("InferenceConfig")


def test_commands_are_explained_by_their_own_help() -> None:
    """A command's topic is what --help prints, the list has all of them."""
    assert topic_text("best-known").startswith("usage: ekya-opt best-known")
    assert topic_text("help").startswith("usage: ekya-opt help")
    for name in COMMANDS:
        assert name.replace("_", "-") in topic_text("commands")
    for name in solver_names():
        assert name in topic_text("solvers")


@pytest.mark.parametrize(
    ("topic", "expected"),
    [
        ("theif", "there is no topic 'theif'; the nearest: thief"),
        ("study-fiel", "study-file"),
        ("plot_time_line", "plot_timeline"),
        ("§§§§", "'help' lists them all"),
    ],
)
def test_the_nearest_topics_are_named(topic: str, expected: str, capsys: Any) -> None:
    """A topic that there is not is an error in one line."""
    assert main(["help", topic]) == 2
    outcome = capsys.readouterr()
    assert outcome.out == ""
    (line,) = outcome.err.splitlines()
    assert expected in line


def test_nothing_heavy_is_loaded(
    printed_by: Callable[[str], str],
) -> None:
    """Texts are read from the sources: no library is loaded to show them."""
    code = "import sys\nfrom ekya_opt.cli import main\n"
    code += "assert main(['help']) == main(['help', 'solvers']) == 0\n"
    code += "assert 'solvers.thief' not in sys.modules\n"
    for topic in ([], ["analysis"], ["store"], ["plot_timeline"], ["dp"]):
        code += f"assert main({['help', *topic]}) == 0\n"
    code += f"print(sorted({HEAVY} & set(sys.modules)))"
    assert printed_by(code).splitlines()[-1] == "[]"


def test_markup_becomes_plain_text() -> None:
    """Roles, literals and blocks of code are written as one reads them."""
    text = "See :class:`~a.B` and ``c``::\n\n    d"
    assert plain_text(text) == "See a.B and `c`:\n\n    d"
    docstring = (
        "Do.\n\nParameters\n----------\na, b\n    Both.\n\nReturns\n-------\nIt."
    )
    assert parameters_of(docstring) == (
        "Do.\n\nReturns\n-------\nIt.",
        {"a, b": "Both."},
    )
