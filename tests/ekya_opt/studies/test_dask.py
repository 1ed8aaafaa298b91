"""Runs on a cluster: two worker processes on this machine, of which one is killed."""

import json
import logging
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from ekya_opt import open_store
from ekya_opt.studies.dask_executor import DaskExecutor, scheduler_address
from ekya_opt.studies.task import Task
from instances import EkyaOptError, InvalidOption
from instances.instance_files import write_instance
from tests.ekya_opt.studies.processes import (
    HASH,
    MARK,
    READY,
    TWO,
    install,
    marked,
    wait_for,
)

pytest.importorskip("distributed")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's /proc")

ROOT = Path(__file__).resolve().parents[3]


@dataclass
class Cluster:
    """A scheduler and its workers."""

    address: str
    scheduler: "subprocess.Popen[bytes]"
    workers: "list[subprocess.Popen[bytes]]"
    environment: dict[str, str]
    ready: Path
    mark: str


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Start a scheduler and two workers with one thread each, without nannies."""
    folder = tmp_path_factory.mktemp("cluster")
    site, file = folder / "site", folder / "scheduler.json"
    site.mkdir()
    install(site)
    mark = uuid.uuid4().hex
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(site)]),
        READY: str(folder / "ready"),
        MARK: mark,
    }

    def start(what: str, *words: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [
                *(sys.executable, "-m", f"distributed.cli.dask_{what}"),
                *("--scheduler-file", str(file), "--no-dashboard", *words),
            ],
            env=environment,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    processes = [start("scheduler", "--host", "127.0.0.1", "--port", "0")]
    try:
        for _ in range(2):
            processes.append(start("worker", "--nthreads", "1", "--no-nanny"))
        wait_for(file.exists)
        address = json.loads(file.read_text(encoding="utf-8"))["address"]
        scheduler, *workers = processes
        yield Cluster(address, scheduler, workers, environment, folder / "ready", mark)
    finally:
        for process in processes:
            process.kill()
            process.wait()
    wait_for(lambda: not marked(mark))


STUDY = """
name = "cluster"
instances = ["two.json"]
seeds = 15
solvers = ["nap", "dp", "crash", "eat"]
memory_gb = 0.1
"""


def test_a_worker_that_is_killed_costs_no_run(cluster: Cluster, tmp_path: Path) -> None:
    """The command does every run once, on two workers and then on the one that is left.

    A crash and too much memory are rows as they are on one machine.
    """
    write_instance(TWO, tmp_path / "two.json")
    file, path = tmp_path / "cluster.toml", tmp_path / "cluster.sqlite"
    file.write_text(STUDY, encoding="utf-8")
    address = cluster.address.replace("tcp", "dask")
    command = [sys.executable, "-m", "ekya_opt", "study", "run", str(file)]
    study = subprocess.Popen(
        [*command, "--scheduler", address],
        env=cluster.environment,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_for(lambda: num_runs(path) >= 5 or study.poll() is not None)
        assert 5 <= num_runs(path) < 60
        cluster.workers[0].kill()
        cluster.workers[0].wait()
        out, error = study.communicate(timeout=60)
    finally:
        study.kill()
        study.wait()
    assert (study.returncode, error) == (1, ""), out
    store = open_store(path)
    runs = store.runs()
    assert sorted(runs["key"]) == sorted(store.planned()["key"])
    assert len(runs) == 4 * 15
    found = runs.groupby("solver")[["failure", "verdict"]].agg(set)
    failures = {name: {*values} - {pd.NA} for name, values in found["failure"].items()}
    assert failures == {
        "nap": set(),
        "dp": set(),
        "crash": {"crash"},
        "eat": {"memory"},
    }
    assert found["verdict"]["nap"] == found["verdict"]["dp"] == {"feasible"}
    assert all(each["versions"] for each in store.environments().values())


def num_runs(path: Path) -> int:
    """Return how many runs a store holds; 0 before there is one."""
    try:
        return len(open_store(path).ended())
    except EkyaOptError:
        return 0


def test_closing_ends_what_runs_on_the_cluster(cluster: Cluster) -> None:
    """The run that sleeps is killed with its child, and the worker is free again."""
    tasks = [Task(instance_hash=HASH, solver=name) for name in ("dp", "sleep")]
    before = len(marked(cluster.mark))
    outcomes = DaskExecutor(cluster.address).run(tasks, {HASH: TWO})
    assert next(outcomes)[0].solver == "dp"
    wait_for(cluster.ready.exists)
    assert len(marked(cluster.mark)) > before
    outcomes.close()  # type: ignore[attr-defined]
    wait_for(lambda: len(marked(cluster.mark)) <= before)
    again = DaskExecutor(cluster.address).run(tasks[:1], {HASH: TWO})
    assert [outcome.status for _, outcome in again] == ["optimal"]


def test_a_scheduler_that_dies_is_an_error(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has come stays, and dask logs nothing. It is the last test here."""
    logger, logged = logging.getLogger("distributed.client"), logging.Handler()
    records: list[logging.LogRecord] = []
    monkeypatch.setattr(logged, "emit", records.append)
    monkeypatch.setattr(logger, "handlers", [logged])
    tasks = [Task(instance_hash=HASH, solver=name) for name in ("dp", "sleep")]
    outcomes = DaskExecutor(cluster.address).run(tasks, {HASH: TWO})
    assert next(outcomes)[0].solver == "dp"
    cluster.scheduler.kill()
    cluster.scheduler.wait()
    with pytest.raises(EkyaOptError, match=r"scheduler at tcp://.* (gone|dropped)"):
        next(outcomes)
    assert not records
    assert not logger.disabled


def test_nobody_at_the_address_is_an_error_in_one_line() -> None:
    """The port is one that nobody can listen on."""
    tasks = [Task(instance_hash=HASH, solver="dp")]
    with pytest.raises(
        EkyaOptError, match="no dask scheduler answers at tcp://127"
    ) as told:
        list(DaskExecutor("dask://127.0.0.1:1").run(tasks, {HASH: TWO}))
    assert "\n" not in str(told.value)


def test_addresses() -> None:
    """dask:// is dask's own tcp://; what has no port or another scheme is refused."""
    assert scheduler_address("dask://10.0.0.1:8786") == "tcp://10.0.0.1:8786"
    assert scheduler_address("tls://host:8786") == "tls://host:8786"
    assert scheduler_address("host:8786") == "tcp://host:8786"
    for wrong in ("", "host", "dask://host", "http://host:1", "dask://host:99999"):
        with pytest.raises(InvalidOption, match="expected dask://HOST:PORT"):
            DaskExecutor(wrong)


def test_without_dask_the_message_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is an optional extra."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(EkyaOptError, match=r"pip install 'ekya-opt\[dask\]'"):
        DaskExecutor("dask://host:8786")
