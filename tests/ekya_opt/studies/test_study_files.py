"""Study files: what they say is what is run, and errors name the place."""

import re
import textwrap
from pathlib import Path

import pytest

from ekya_opt import EkyaOptError, Study, read_study, write_problem
from ekya_opt.studies import study_files
from ekya_opt.studies.errors import InvalidStudy
from tests.ekya_opt.studies.conftest import InProcess


def documented() -> str:
    """Return the example in the documentation of the format."""
    text = study_files.__doc__ or ""
    found = re.search(r"::\n\n((?:    .*\n|\n)+)", text)
    assert found is not None
    return textwrap.dedent(found[1])


def test_the_documented_example_runs(tmp_path: Path) -> None:
    """The counts that the documentation tells are those of the example."""
    path = tmp_path / "example.toml"
    path.write_text(documented())
    study = read_study(path)
    assert len(list(study.generate)) == 1
    generated = Study(name="g", generate=study.generate).problems()
    assert len(generated) == 2 * 2 * 2
    shipped = Study(name="s", instances=study.instances).problems()
    assert len(study.problems()) == 2 * (len(generated) + len(shipped))
    assert len(study.tasks()) == len(study.problems()) * (2 + 2 * 2)
    assert {task.time_limit for task in study.tasks()} == {20}
    executor = InProcess(stop_after=12)
    with pytest.raises(KeyboardInterrupt):
        study.run(tmp_path / "s.sqlite", executor=executor)
    assert len(executor.keys) == 12


def test_every_key_is_documented() -> None:
    """The list of keys in the documentation is that of a study's fields."""
    keys = re.findall(r"^- ``(\w+)``:", study_files.__doc__ or "", re.MULTILINE)
    assert keys == list(Study.__slots__)


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    """Wherever a study is run from, its instances are found; shipped ones as well."""
    folder = tmp_path / "instances"
    folder.mkdir()
    shipped = Study(name="s", instances="shipped:paper/window1").problems()[0]
    write_problem(shipped, folder / "one.json")
    path = tmp_path / "here.toml"
    path.write_text('instances = ["instances", "shipped:paper/window2"]\n')
    study = read_study(path)
    assert study.name == "here"
    assert [each.name for each in study.problems()] == [
        "paper-window1",
        "paper-window2",
    ]
    path.write_text('instances = "instances/one.json"\n')
    assert read_study(path).problems() == (shipped,)


def test_a_file_says_what_the_api_says(tmp_path: Path) -> None:
    """Every key of a file is a field of the study."""
    path = tmp_path / "s.toml"
    path.write_text(
        """
        name = "all"
        instances = ["shipped:paper/window1"]
        generate = [{family = "trap", streams = 2, gpus = 1}]
        changes = [{}, {gpus = [2, 3]}]
        solvers = ["dp", "thief:passes=0"]
        seeds = [3, 5]
        time_limit = "none"
        memory_gb = 2.5
        workers = 2
        plan_on = "estimates"
        """
    )
    assert read_study(path) == Study(
        name="all",
        instances=["shipped:paper/window1"],
        generate=[{"family": "trap", "streams": 2, "gpus": 1}],
        changes=[{}, {"gpus": [2, 3]}],
        solvers=["dp", "thief:passes=0"],
        seeds=[3, 5],
        time_limit=None,
        memory_gb=2.5,
        workers=2,
        plan_on="estimates",
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = ", "is not TOML: Invalid value (at "),
        ("seeds = 1\nseeds = 2", "is not TOML: Cannot overwrite a value"),
        ("", "study s names no instances and generates none"),
        ("instance = 'x'", "instance: is an unknown key, expected one of name, inst"),
        ("instances = 3", "instances[0]: is 3, expected a file"),
        ("instances = [1]", "instances[0]: is 1, expected a file"),
        ("[[generate]]\nstreams = 1", "generate[0].family: is missing"),
        ("generate = [3]", "generate[0]: is 3, expected a table"),
        (
            "[[generate]]\nfamily='trap'\nstreams=1\ngpus=1\n"
            "[[generate]]\nfamily='trap'\nstreams=1\ngpus=1\nstream=2",
            "generate[1].stream: is an unknown key, expected one of family, streams",
        ),
        (
            "[[generate]]\nfamily='trap'\nstreams=1\ngpus=1\nseeds=-1",
            "generate[0].seeds: is -1, expected a number from 1 on",
        ),
        (
            "[[generate]]\nfamily='trap'\nstreams=[1979-05-27]\ngpus=1",
            "generate[0].streams[0]: is datetime.date(1979, 5, 27), expected text",
        ),
        ("instances=['x']\n[changes]\ngpu = 1", "changes[0].gpu: is an unknown key"),
        ("instances=['x']\nsolvers=['dq']", "solvers[0]: there is no solver 'dq'"),
        (
            "instances=['x']\n[[solvers]]\nsolver='dp'\n[[solvers]]\nsolver='thief'\n"
            "settings={passes='many'}",
            "solvers[1]: thief: setting passes is 'many', expected int",
        ),
        (
            "instances=['x']\n[[solvers]]\nname='dp'",
            "solvers[0].name: is an unknown key, expected one of solver, settings",
        ),
        ("instances=['x']\ntime_limit='long'", "time_limit: is 'long', expected a num"),
        ("instances=['x']\ntime_limit=nan", "time_limit: is nan, expected a number"),
        ("instances=['x']\nmemory_gb=inf", "memory_gb: is inf, expected a number"),
        ("instances=['x']\nworkers=1.5", "workers: is 1.5, expected an integer"),
        ("instances=['x']\nplan_on='luck'", "plan_on: is 'luck', expected one of"),
        ("instances=['x']\nname=''", "name: is '', expected a non-empty"),
    ],
)
def test_bad_files_are_one_line(tmp_path: Path, text: str, message: str) -> None:
    """The error names the file, the place in it, the value and what was expected."""
    path = tmp_path / "s.toml"
    path.write_text(text)
    with pytest.raises(InvalidStudy) as problem:
        read_study(path)
    told = str(problem.value)
    assert told.startswith(f"{path}: ")
    assert told.removeprefix(f"{path}: ").startswith(message)
    assert "\n" not in told


def test_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    """A missing file, a directory and bytes that are no text are one line."""
    with pytest.raises(EkyaOptError, match=r"no\.toml: cannot be read: No such file"):
        read_study(tmp_path / "no.toml")
    with pytest.raises(EkyaOptError, match="cannot be read: Is a directory"):
        read_study(tmp_path)
    (tmp_path / "s.toml").write_bytes(b"name = '\xff'")
    with pytest.raises(InvalidStudy, match="is not UTF-8 text"):
        read_study(tmp_path / "s.toml")


def test_missing_instances_are_told(tmp_path: Path) -> None:
    """An instance that is not there is an error before the first run."""
    (tmp_path / "s.toml").write_text("instances = ['gone.json']")
    with pytest.raises(
        EkyaOptError, match=r"gone\.json: is no file, folder or shipped"
    ):
        read_study(tmp_path / "s.toml").tasks()
