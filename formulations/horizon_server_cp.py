"""The time-indexed constraint program of a horizon, for CP-SAT.

The program of ``horizon_server_milp.py`` in integers throughout. Builds and decodes;
``solvers/horizon_server.py`` solves.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from formulations import server_cp
from formulations.horizon_schedule import HorizonSchedule
from formulations.horizon_slots import decoded, encoded, horizon_cells, slots_of
from formulations.labels import stream_label
from formulations.server_cells import Key
from formulations.server_cp import SCALE, ServerCp, Terms
from formulations.warm_memory import memory_parts
from instances.horizon import Horizon
from instances.horizon_stream import REUSE, WARM

if TYPE_CHECKING:
    from ortools.sat.python.cp_model import CpModel, IntVar


@dataclass(frozen=True, slots=True, kw_only=True)
class HorizonServerCp:
    """The time-indexed program of one horizon.

    Parameters
    ----------
    horizon
        The problem.
    windows
        The program of each window; all have the same problem.
    problem
        The CP-SAT model; maximises ``SCALE`` times the weighted mean, rounded.
    held, kept
        Variables of windows but the first by (w, v, m): stream v holds, or keeps, its
        model m when window w begins.
    """

    horizon: Horizon
    windows: tuple[ServerCp, ...]
    problem: "CpModel"
    held: dict[Key, "IntVar"]
    kept: dict[Key, "IntVar"]

    @property
    def rounding_error(self) -> float:
        """How far rounding may move the mean; add it to a bound."""
        return sum(window.rounding_error for window in self.windows)

    @property
    def columns(self) -> list["IntVar"]:
        """All variables, each once."""
        own = [x for window in self.windows for x in window.columns]
        return [*own, *self.held.values(), *self.kept.values()]

    def names(self, w: int, v: int) -> list[str]:
        """Return the models that a stream may have when a window begins."""
        return slots_of(self.windows[w].cells).models[v]

    def reuses(self, w: int, v: int, m: int, kinds: tuple[str, ...]) -> Terms:
        """Return the variables that say that a stream uses a model again in a window.

        They are those of ``ready`` in the trainings' last slots; ``kinds`` are the
        beginnings of the configs' names.
        """
        window = self.windows[w]
        slots = slots_of(window.cells)
        wanted = [f"{kind}{self.names(w, v)[m]}" for kind in kinds]
        return [
            (window.ready[v, k, training.high], 1)
            for k, training in enumerate(window.cells.streams[v].trainings)
            if slots.config_name(v, training.option_idx) in wanted
        ]

    def decode(
        self, value: Callable[["IntVar"], float]
    ) -> tuple[float, HorizonSchedule] | None:
        """Return objective and schedule of the values; ``None`` if they make none."""
        values = [
            {
                (name, key): value(x)
                for name in ("ready", "level", "train")
                for key, x in window.families[name].items()
            }
            for window in self.windows
        ]
        kept = {("kept", key): value(x) for key, x in self.kept.items()}
        cells = [window.cells for window in self.windows]
        return decoded(self.horizon, cells, values, kept)

    def encode(self, schedule: HorizonSchedule) -> dict["IntVar", float] | None:
        """Return the values of the variables that are not 0 in a schedule.

        ``None`` if the schedule does not map onto the program.
        """
        cells = [window.cells for window in self.windows]
        told = encoded(self.horizon, cells, schedule)
        if told is None:
            return None
        found = {
            window.families[name][key]: value
            for window, values in zip(self.windows, told[0], strict=True)
            for (name, key), value in values.items()
            if value
        }
        rows = {"held": self.held, "kept": self.kept}
        for (name, key), value in told[1].items():
            if key in rows[name]:
                found[rows[name][key]] = value
        return found


def build(
    horizon: Horizon, check_time: Callable[[], None] = lambda: None
) -> HorizonServerCp:
    """Return the time-indexed program of a horizon.

    Parameters
    ----------
    horizon
        Problem with reallocation ``server``.
    check_time
        Called often; may raise to stop the building.
    """
    from ortools.sat.python.cp_model import CpModel

    model = add_variables(horizon, CpModel(), check_time)
    add_objective(model, check_time)
    add_constraints(model, check_time)
    return model


def add_variables(
    horizon: Horizon, problem: "CpModel", check_time: Callable[[], None]
) -> HorizonServerCp:
    """Add the variables of each window, and those between them.

    - held_{w,v,m} ∈ {0, 1}: stream v holds model m when window w > 1 begins;
    - kept_{w,v,m} ∈ {0, 1}: and keeps model m besides.
    """
    windows = tuple(
        server_cp.add_variables(cells, problem, check_time, f"window{w + 1}_")
        for w, cells in enumerate(horizon_cells(horizon, check_time))
    )
    names = [stream_label(v, stream) for v, stream in enumerate(horizon.streams)]
    held: dict[Key, IntVar] = {}
    kept: dict[Key, IntVar] = {}
    for w, window in enumerate(windows[1:], start=1):
        for v, name in enumerate(names):
            for m in range(len(slots_of(window.cells).models[v])):
                words = f"window{w + 1}_{{}}_{name}_{m}"
                held[w, v, m] = problem.new_bool_var(words.format("held"))
                if horizon.cached_models:
                    kept[w, v, m] = problem.new_bool_var(words.format("kept"))
    return HorizonServerCp(
        horizon=horizon, windows=windows, problem=problem, held=held, kept=kept
    )


def add_objective(model: HorizonServerCp, check_time: Callable[[], None]) -> None:
    """Maximise the mean of the windows' weighted means, scaled and rounded."""
    from ortools.sat.python.cp_model import LinearExpr

    serve, worth = [], []
    for window in model.windows:
        for (v, m, level, _), x in window.serve.items():
            check_time()
            serve.append(x)
            gain = window.cells.worth(v, m, level) / len(model.windows)
            worth.append(round(SCALE * gain))
    model.problem.maximize(LinearExpr.weighted_sum(serve, worth))


def add_constraints(model: HorizonServerCp, check_time: Callable[[], None]) -> None:
    """Add all constraints."""
    for window in model.windows:
        server_cp.add_constraints(window, check_time)
    add_held_service(model, check_time)
    add_one_held(model, check_time)
    add_new_models(model, check_time)
    add_old_models(model, check_time)
    add_kept_models(model, check_time)
    add_cache(model, check_time)
    add_reuse(model, check_time)
    add_memory(model, check_time)


def add_held_service(model: HorizonServerCp, check_time: Callable[[], None]) -> None:
    """Serve with the model that is held, Σ_l serve_{v,m,l,t} ≤ held_{w,v,m}."""
    for (w, v, m), x in model.held.items():
        window = model.windows[w]
        stream = window.cells.streams[v]
        for t in stream.slots(m, window.cells.window.slots):
            check_time()
            levels = stream.held[m].levels
            terms = [(window.serve[v, m, level, t], 1) for level in levels]
            server_cp.add_row(
                window, "held_service", (v, m, t), [*terms, (x, -1)], None, 0
            )


def add_one_held(model: HorizonServerCp, check_time: Callable[[], None]) -> None:
    """Hold one model, Σ_m held_{w,v,m} = 1."""
    rows: dict[Key, Terms] = {}
    for (w, v, _), x in model.held.items():
        check_time()
        rows.setdefault((w, v), []).append((x, 1))
    for (w, v), terms in rows.items():
        server_cp.add_row(model.windows[w], "one_held", (v,), terms, 1, 1)


def add_new_models(model: HorizonServerCp, check_time: Callable[[], None]) -> None:
    """Hold what was trained, held_{w+1,v,m} = ready_{v,k,high} where k trains m."""
    for (w, v, m), x in model.held.items():
        check_time()
        before = model.windows[w - 1]
        if m < len(model.names(w - 1, v)):
            continue
        slots = slots_of(before.cells)
        terms = [
            (before.ready[v, k, training.high], -1)
            for k, training in enumerate(before.cells.streams[v].trainings)
            if slots.model_after(v, training.option_idx) == model.names(w, v)[m]
        ]
        row = "new_model", (v, m), [(x, 1), *terms], 0, 0
        server_cp.add_row(model.windows[w], *row)


def add_old_models(model: HorizonServerCp, check_time: Callable[[], None]) -> None:
    """Hold what was held or used again, reuse ≤ held_{w+1,v,m} ≤ held_{w,v,m} + reuse.

    In the first window the initial model is held.
    """
    for (w, v, m), x in model.held.items():
        check_time()
        if m >= len(model.names(w - 1, v)):
            continue
        window = model.windows[w]
        reuses = [(y, -n) for y, n in model.reuses(w - 1, v, m, (REUSE, WARM))]
        if reuses:
            row = "used_again", (v, m), [(x, 1), *reuses], 0, None
            server_cp.add_row(window, *row)
        if w > 1:
            terms = [(x, 1), *reuses, (model.held[w - 1, v, m], -1)]
            server_cp.add_row(window, "old_model", (v, m), terms, None, 0)


def add_kept_models(model: HorizonServerCp, check_time: Callable[[], None]) -> None:
    """Keep what was there, kept_{w+1} ≤ kept_w + held_w, and is not held.

    kept_{w+1,v,m} ≤ 1 - held_{w+1,v,m}.
    """
    for (w, v, m), x in model.kept.items():
        check_time()
        window = model.windows[w]
        server_cp.add_row(
            window, "kept_or_held", (v, m), [(x, 1), (model.held[w, v, m], 1)], None, 1
        )
        is_new = m >= len(model.names(w - 1, v))
        if w > 1 or is_new:
            terms = [(x, 1)]
            if not is_new:
                terms.append((model.kept[w - 1, v, m], -1))
                terms.append((model.held[w - 1, v, m], -1))
            server_cp.add_row(window, "kept_model", (v, m), terms, None, 0)


def add_cache(model: HorizonServerCp, check_time: Callable[[], None]) -> None:
    """Keep at most as many models as the cache holds, Σ_m kept_{w,v,m} ≤ C."""
    rows: dict[Key, Terms] = {}
    for (w, v, _), x in model.kept.items():
        check_time()
        rows.setdefault((w, v), []).append((x, 1))
    for (w, v), terms in rows.items():
        row = "cache", (v,), terms, None, model.horizon.cached_models
        server_cp.add_row(model.windows[w], *row)


def add_reuse(model: HorizonServerCp, check_time: Callable[[], None]) -> None:
    """Use again what was kept, Σ_k ready_{v,k,high} ≤ kept_{w,v,m} where k reuses m."""
    for (w, v, m), x in model.kept.items():
        check_time()
        terms = model.reuses(w, v, m, (REUSE, WARM))
        if terms:
            row = "reuse", (v, m), [*terms, (x, -1)], None, 0
            server_cp.add_row(model.windows[w], *row)


def add_memory(model: HorizonServerCp, check_time: Callable[[], None]) -> None:
    """Keep warm models within the memory, Σ_{v,m} GB_v warm_{w,v,m} ≤ M for all w."""
    needs, most = memory_parts(model.horizon)
    for w, window in enumerate(model.windows):
        terms = []
        for (at, v, m), _ in model.kept.items():
            check_time()
            if at == w and needs[v]:
                terms += [(x, needs[v]) for x, _ in model.reuses(w, v, m, (WARM,))]
        if terms:
            server_cp.add_row(window, "memory", (), terms, None, most)
