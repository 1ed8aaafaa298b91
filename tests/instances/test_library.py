"""The shipped instances and what a command-line argument stands for."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from instances import (
    EkyaOptError,
    Instance,
    Reallocation,
    load_shipped,
    shipped_names,
)
from instances.chaining import chain
from instances.generators.shipped import shipped_problems, write_library
from instances.horizon import Horizon
from instances.library import LIBRARY, expand, shipped_families, shipped_path
from instances.problems import problem_hash
from solvers import solve

FAMILIES = [
    *("contention", "drift", "hard-knapsack", "memory-tight", "paper", "recorded"),
    *("recorded-like", "ties", "trap"),
]


@pytest.fixture(scope="module")
def library() -> dict[str, Any]:
    """Return every shipped problem by name."""
    return {name: load_shipped(name) for name in shipped_names()}


@pytest.fixture(scope="module")
def shipped(library: dict[str, Any]) -> dict[str, Instance]:
    """Return every shipped window by name."""
    return {name: each for name, each in library.items() if isinstance(each, Instance)}


@pytest.fixture(scope="module")
def horizons(library: dict[str, Any]) -> dict[str, Horizon]:
    """Return every shipped horizon by name."""
    return {name: each for name, each in library.items() if isinstance(each, Horizon)}


def test_the_library_is_what_its_recipes_make(tmp_path: Path) -> None:
    """Writing the whole library again gives the shipped files, byte for byte."""
    write_library(tmp_path)
    made = {path.relative_to(tmp_path): path for path in tmp_path.glob("*/*")}
    assert {path.relative_to(LIBRARY) for path in LIBRARY.glob("*/*.json")} == set(made)
    for name, path in made.items():
        assert path.read_bytes() == (LIBRARY / name).read_bytes(), name


def test_recipes_and_files_agree(library: dict[str, Any]) -> None:
    """Files hold the problems of their recipes, metadata included."""
    for name, problem in shipped_problems():
        assert library[name] == problem
        assert library[name].name in (name.replace("/", "-"), name.split("/")[1])
        assert library[name].metadata == problem.metadata


def test_the_library_is_small_and_covers_the_format(
    library: dict[str, Any], shipped: dict[str, Instance]
) -> None:
    """Under 2 MB, no problem twice, and every optional field used somewhere."""
    size = sum(path.stat().st_size for path in LIBRARY.glob("*/*.json"))
    assert size < 2_000_000
    assert len({problem_hash(each) for each in library.values()}) == len(library)
    everything = shipped.values()
    streams = [stream for each in everything for stream in each.streams]
    configs = [config for stream in streams for config in stream.retraining]
    modes = {each.reallocation for each in everything}
    assert modes == {Reallocation.NEVER, Reallocation.STREAM}
    assert any(each.training_throughput for each in everything)
    assert any(each.min_accuracy > 0 for each in everything)
    assert any(stream.weight != 1 for stream in streams)
    assert any(config.gpu_seconds == 0 for config in configs)
    assert any(config.delay_seconds > 0 for config in configs)
    assert any(config.estimate for config in configs)


def test_the_shipped_horizons_cover_the_format(horizons: dict[str, Horizon]) -> None:
    """Slots and none, kept models cold and warm, records and models that last."""
    everything = horizons.values()
    modes = {each.reallocation for each in everything}
    assert modes == {Reallocation.NEVER, Reallocation.SERVER}
    assert {each.cached_models for each in everything} == {0, 1, 2}
    assert any(each.warm_gb > 0 for each in everything)
    assert any(each.min_accuracy > 0 for each in everything)
    assert {each.num_windows for each in everything} == {2, 4, 6}
    streams = [stream for each in everything for stream in each.streams]
    assert any(stream.load_seconds > 0 for stream in streams)
    assert any(stream.model_gb > 0 for stream in streams)
    recorded = {stream.later_accuracy is not None for stream in streams}
    assert recorded == {True, False}


def test_the_papers_horizons_differ_in_their_slots(
    horizons: dict[str, Horizon],
) -> None:
    """Slots of 5 and 10 s, and none, of the same two windows."""
    three = [
        horizons[f"paper/{name}"]
        for name in ("horizon", "horizon-10s", "horizon-never")
    ]
    assert [each.slot_seconds for each in three] == [5, 10, None]
    assert len({each.streams for each in three}) == 1


def test_the_recorded_horizon_is_the_recorded_windows(
    horizons: dict[str, Horizon], shipped: dict[str, Instance]
) -> None:
    """It chains the four shipped windows, measured and all."""
    windows = [shipped[f"recorded/digits-cpu-window{w}"] for w in (1, 2, 3, 4)]
    chained = chain(windows, name="digits-cpu-horizon", cached_models=2)
    assert horizons["recorded/digits-cpu-horizon"] == chained


def test_every_shipped_instance_has_an_optimum(shipped: dict[str, Instance]) -> None:
    """The dynamic program proves an optimum of every shipped instance."""
    for name, instance in shipped.items():
        assert solve(instance, "dp").status == "optimal", name


def test_the_first_paper_window(shipped: dict[str, Instance]) -> None:
    """A holds 1 GPU and 0.65; B serves on 1 and retrains Cfg2B on 1 in 50 of 120 s."""
    result = solve(shipped["paper/window1"], "dp")
    served = (50 * 0.5 + 70 * 0.85) / 120
    assert result.objective == pytest.approx((0.65 + served) / 2, abs=1e-12)
    assert result.objective == pytest.approx(0.677083, abs=5e-7)
    assert result.schedule is not None
    chosen = {plan.stream: plan.retraining for plan in result.schedule.streams}
    assert chosen == {"A": None, "B": "Cfg2B"}


def test_the_second_paper_window(shipped: dict[str, Instance]) -> None:
    """It starts from A at 0.65 and B at 0.85; A retrains Cfg2A on 1 GPU in 40 s."""
    second = shipped["paper/window2"]
    assert [stream.accuracy for stream in second.streams] == [0.65, 0.85]
    served = (40 * 0.65 + 80 * 0.9) / 120
    result = solve(second, "dp")
    assert result.objective == pytest.approx((served + 0.85) / 2, abs=1e-12)
    assert result.objective == pytest.approx(0.833333, abs=5e-7)


def test_the_paper_windows_state_table_1(shipped: dict[str, Instance]) -> None:
    """3 GPUs, 120 s, a floor of 0.4, and i GPUs keep min(1, i) of the accuracy."""
    for number in (1, 2):
        window = shipped[f"paper/window{number}"]
        assert window.gpus == 3
        assert window.window_seconds == 120
        assert window.min_accuracy == 0.4
        assert window.metadata == {"source": "Ekya, Table 1 and Fig. 4"}
        for stream in window.streams:
            shares = [(c.gpus, c.relative_accuracy) for c in stream.inference]
            assert shares == [(k / 20, k / 20) for k in range(1, 21)]
    rows = {
        config.name: (config.accuracy, config.gpu_seconds)
        for stream in shipped["paper/window1"].streams
        for config in stream.retraining
    }
    assert rows == {
        "Cfg1A": (0.75, 85),
        "Cfg2A": (0.7, 65),
        "Cfg1B": (0.9, 80),
        "Cfg2B": (0.85, 50),
    }


def test_names_families_and_paths() -> None:
    """Names are family/name, sorted; each has its file."""
    names = shipped_names()
    assert names == sorted(names)
    assert shipped_families() == FAMILIES
    assert shipped_path("paper/window1").name == "window1.json"


@pytest.mark.parametrize("name", ["paper/window3", "paper", "../secret", "", "x/y"])
def test_an_unknown_name_lists_the_families(name: str) -> None:
    """An unknown shipped name is one line that lists the families."""
    with pytest.raises(EkyaOptError) as caught:
        load_shipped(name)
    message = str(caught.value)
    assert ", ".join(FAMILIES) in message
    assert "\n" not in message


def test_a_folder_is_read_in_natural_order(tmp_path: Path) -> None:
    """Windows are in the order of their numbers, folders too, whatever characters."""
    names = ["a²/w1", "b2/w2", "b2/w9", "b2/w10", "b10/w1"]
    for name in reversed(names):
        path = tmp_path / f"{name}.json"
        path.parent.mkdir(exist_ok=True)
        path.touch()
    assert expand(str(tmp_path)) == [tmp_path / f"{name}.json" for name in names]


def test_a_file_stands_for_itself(tmp_path: Path) -> None:
    """A file is taken as it is, whatever its name; reading it is another matter."""
    path = tmp_path / "notes.txt"
    path.write_text("")
    assert expand(str(path)) == [path]


def test_a_folder_stands_for_its_instance_files(tmp_path: Path) -> None:
    """All .json, .json.gz and .npz files in and below a folder, none hidden."""
    (tmp_path / "b").mkdir()
    names = ("c.json", "b/z.json.gz", "b/a.json", "b/m.npz", "a.npy")
    for name in (*names, "readme.md", ".hidden.json"):
        (tmp_path / name).write_text("")
    (tmp_path / "folder.json").mkdir()
    found = [path.relative_to(tmp_path).as_posix() for path in expand(str(tmp_path))]
    assert found == ["b/a.json", "b/m.npz", "b/z.json.gz", "c.json"]


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    """A folder that holds no instance file is refused by name."""
    (tmp_path / "readme.md").write_text("")
    with pytest.raises(EkyaOptError, match=r"folder without any \.json or \.json\.gz"):
        expand(str(tmp_path))


def test_shipped_arguments() -> None:
    """All, one family or one instance of the library."""
    everything = [shipped_path(name) for name in shipped_names()]
    assert expand("shipped:") == expand("shipped:all") == everything
    names = ("horizon", "horizon-10s", "horizon-never", "window1", "window2")
    paths = [shipped_path(f"paper/{name}") for name in names]
    assert expand("shipped:paper") == paths
    assert expand("shipped:paper/window2") == [shipped_path("paper/window2")]


@pytest.mark.parametrize(
    "text",
    [
        "shipped:nothing",
        "shipped:paper/",
        "shipped:../x",
        "no/such/file",
        "a" * 999,
        "",
    ],
)
def test_what_stands_for_nothing_is_an_error(text: str) -> None:
    """The error is one line that lists the shipped families."""
    with pytest.raises(EkyaOptError) as caught:
        expand(text)
    message = str(caught.value)
    assert ", ".join(FAMILIES) in message
    assert "\n" not in message


def test_reading_the_library_needs_no_numpy() -> None:
    """Instances and the shipped library load without a numerical library."""
    code = "import sys, instances as i; i.load_shipped('paper/window1');"
    code += "sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
