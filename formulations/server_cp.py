"""The time-indexed constraint program of a window in which the server reallocates.

The program of ``server_milp.py`` in integers throughout, for CP-SAT. Builds and
decodes; ``solvers/cp_sat.py`` solves.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from formulations.labels import stream_label
from formulations.server_cells import Key, ServerCells
from formulations.server_decoding import plan_of, values_of
from formulations.server_plan import ServerPlan
from formulations.server_window import ServerWindow
from instances import Instance

if TYPE_CHECKING:
    from ortools.sat.python.cp_model import CpModel, IntVar

Terms = list[tuple["IntVar", int]]

SCALE = 2 * 10**9
"""The integer objective is ``SCALE · (weighted mean)``, as in a static window.

The rounding allows a proof to 1e-6 of up to 4,000 streams times slots.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerCp:
    """The time-indexed program of one instance.

    Parameters
    ----------
    cells
        The choices left in the window.
    label
        What the names of variables and constraints begin with.
    problem
        The CP-SAT model; maximises ``SCALE`` times the weighted mean, rounded.
    ready, train, full, done, level, serve
        The variables of each family by their indices; see :func:`add_variables`.
    """

    cells: ServerCells
    label: str
    problem: "CpModel"
    ready: dict[Key, "IntVar"]
    train: dict[Key, "IntVar"]
    full: dict[Key, "IntVar"]
    done: dict[Key, "IntVar"]
    level: dict[Key, "IntVar"]
    serve: dict[Key, "IntVar"]

    @property
    def rounding_error(self) -> float:
        """How far rounding may move the mean, V · T / 2 / SCALE; add it to a bound."""
        return len(self.cells.streams) * self.cells.window.slots * 0.5 / SCALE

    @property
    def families(self) -> dict[str, dict[Key, "IntVar"]]:
        """The variables by family; one of ``serve`` may be one of ``level``."""
        return {
            "ready": self.ready,
            "train": self.train,
            "full": self.full,
            "done": self.done,
            "level": self.level,
            "serve": self.serve,
        }

    @property
    def columns(self) -> list["IntVar"]:
        """All variables, each once."""
        rows = self.families.values()
        return list(dict.fromkeys(x for row in rows for x in row.values()))

    def decode(self, value: Callable[["IntVar"], float]) -> ServerPlan | None:
        """Return the plan of the variables' values; ``None`` if they make none."""
        return plan_of(
            self.cells,
            lambda key: value(self.ready[key]),
            lambda key: value(self.level[key]),
            lambda key: value(self.train[key]),
        )

    def encode(self, plan: ServerPlan) -> dict["IntVar", int] | None:
        """Return the values of the variables that are not 0 in a plan.

        ``None`` if the plan does not map onto the program.
        """
        values = values_of(self.cells, plan)
        if values is None:
            return None
        return {
            self.families[name][key]: value
            for name, row in values.items()
            for key, value in row.items()
            if value
        }


def build(
    instance: Instance,
    check_time: Callable[[], None] = lambda: None,
    cells: ServerCells | None = None,
) -> ServerCp:
    """Return the time-indexed program of a window.

    Parameters
    ----------
    instance
        Problem with reallocation ``server``.
    check_time
        Called often; may raise to stop the building.
    cells
        The choices left; all of the window's if ``None``.
    """
    from ortools.sat.python.cp_model import CpModel

    if cells is None:
        cells = ServerCells(ServerWindow(instance, check_time))
    model = add_variables(cells, CpModel(), check_time)
    add_objective(model, check_time)
    add_constraints(model, check_time)
    return model


def add_variables(
    cells: ServerCells,
    problem: "CpModel",
    check_time: Callable[[], None],
    label: str = "",
) -> ServerCp:
    """Add the variables of all families.

    - ready_{v,k,t} ∈ {0, 1}: stream v chose training k and its model serves by slot t;
    - train_{v,k,j,t} ∈ ℤ₊: units of piece j that do training k in slot t;
    - full_{v,k,j,t} ∈ {0, 1}: the pieces before j, a steeper one, are full;
    - done_{v,k,t} ∈ ℤ₊: work of training k done before slot t;
    - level_{v,l,t} ∈ {0, 1}: stream v serves at level l in slot t;
    - serve_{v,m,l,t} ∈ {0, 1}: and does so with model m.
    """
    names = [stream_label(v, s) for v, s in enumerate(cells.window.instance.streams)]

    def add(family: str, key: Key, high: int) -> "IntVar":
        check_time()
        v, *others = key
        return problem.new_int_var(
            0, high, label + "_".join([family, names[v], *map(str, others)])
        )

    level = {key: add("level", key, 1) for key in cells.level_keys}
    return ServerCp(
        cells=cells,
        label=label,
        problem=problem,
        ready={key: add("ready", key, 1) for key in cells.ready_keys()},
        train={
            key: add("train", key, cells.pieces[key[2]].units)
            for key in cells.train_keys()
        },
        full={key: add("full", key, 1) for key in cells.full_keys()},
        done={
            key: add("done", key, cells.training(key).doable(0, key[2]))
            for key in cells.done_keys()
        },
        level=level,
        serve={
            (v, m, at, t): level[v, at, t]
            if len(cells.level_keys[v, at, t]) == 1
            else add("serve", (v, m, at, t), 1)
            for v, m, at, t in cells.serve_keys()
        },
    )


def add_objective(model: ServerCp, check_time: Callable[[], None]) -> None:
    """Maximise the mean, max Σ_{v,m,l,t} ⌊S · w_v / T · a_m · r_l⌉ · serve_{v,m,l,t}.

    a_m is the model's accuracy, r_l what the level keeps of it, and S is ``SCALE``.
    """
    from ortools.sat.python.cp_model import LinearExpr

    serve, worth = [], []
    for (v, m, level, _), x in model.serve.items():
        check_time()
        serve.append(x)
        worth.append(round(SCALE * model.cells.worth(v, m, level)))
    model.problem.maximize(LinearExpr.weighted_sum(serve, worth))


def add_constraints(model: ServerCp, check_time: Callable[[], None]) -> None:
    """Add all constraints."""
    add_one_training(model, check_time)
    add_readiness(model, check_time)
    add_one_level(model, check_time)
    add_models_of_levels(model, check_time)
    add_ready_models(model, check_time)
    add_capacity(model, check_time)
    add_training_times(model, check_time)
    add_steeper_pieces(model, check_time)
    add_progress(model, check_time)
    add_work(model, check_time)
    add_prompt_service(model, check_time)


def add_one_training(model: ServerCp, check_time: Callable[[], None]) -> None:
    """Choose at most one training, Σ_k ready_{v,k,high} ≤ 1 for all v.

    Exactly one where a stream may not go without.
    """
    for v, stream in enumerate(model.cells.streams):
        check_time()
        terms = [
            (model.ready[v, k, training.high], 1)
            for k, training in enumerate(stream.trainings)
        ]
        if terms or not stream.may_stay:
            add_row(
                model, "one_training", (v,), terms, None if stream.may_stay else 1, 1
            )


def add_readiness(model: ServerCp, check_time: Callable[[], None]) -> None:
    """Stay ready, ready_{v,k,t} ≤ ready_{v,k,t+1}."""
    for (v, k, t), x in model.ready.items():
        check_time()
        if t < model.cells.training((v, k)).high:
            terms = [(x, 1), (model.ready[v, k, t + 1], -1)]
            add_row(model, "readiness", (v, k, t), terms, None, 0)


def add_one_level(model: ServerCp, check_time: Callable[[], None]) -> None:
    """Serve at one level in each slot, Σ_l level_{v,l,t} = 1 for all v and t."""
    rows: dict[Key, Terms] = {
        (v, t): []
        for v in range(len(model.cells.streams))
        for t in range(model.cells.window.slots)
    }
    for (v, _, t), x in model.level.items():
        rows[v, t].append((x, 1))
    for key, terms in rows.items():
        check_time()
        add_row(model, "one_level", key, terms, 1, 1)


def add_models_of_levels(model: ServerCp, check_time: Callable[[], None]) -> None:
    """Serve at a level with one model, Σ_m serve_{v,m,l,t} = level_{v,l,t}."""
    for (v, level, t), models in model.cells.level_keys.items():
        check_time()
        if len(models) > 1:
            terms = [(model.serve[v, m, level, t], 1) for m in models]
            terms.append((model.level[v, level, t], -1))
            add_row(model, "models_of_level", (v, level, t), terms, 0, 0)


def add_ready_models(model: ServerCp, check_time: Callable[[], None]) -> None:
    """Serve with a model once it is ready, Σ_l serve_{v,m,l,t} = ready_{v,k,t}.

    m is the model of training k. The one held serves when no other does.
    """
    for v, stream in enumerate(model.cells.streams):
        for k, training in enumerate(stream.trainings):
            m = len(stream.held) + k
            for t in stream.slots(m, model.cells.window.slots):
                check_time()
                terms = [
                    (model.serve[v, m, level, t], 1) for level in training.served.levels
                ]
                terms.append((model.ready[v, k, min(t, training.high)], -1))
                add_row(model, "ready_model", (v, k, t), terms, 0, 0)


def add_capacity(model: ServerCp, check_time: Callable[[], None]) -> None:
    """Keep to the capacity, Σ_{v,l} u_l level + Σ_{v,k,j} train ≤ K for all t."""
    window = model.cells.window
    rows: list[Terms] = [[] for _ in range(window.slots)]
    for (v, level, t), x in model.level.items():
        rows[t].append((x, window.levels[v][level].units))
    for key, x in model.train.items():
        rows[key[-1]].append((x, 1))
    for t, terms in enumerate(rows):
        check_time()
        add_row(model, "capacity", (t,), terms, None, window.total_units)


def add_training_times(model: ServerCp, check_time: Callable[[], None]) -> None:
    """Train before a model is ready, train_{v,k,j,t} ≤ U_j (ready_{high} - ready_t).

    U_j is the number of units of piece j.
    """
    for (v, k, j, t), x in model.train.items():
        check_time()
        training = model.cells.training((v, k))
        units = model.cells.pieces[j].units
        terms = [(x, 1), (model.ready[v, k, training.high], -units)]
        if t >= training.low:
            terms.append((model.ready[v, k, t], units))
        add_row(model, "training_time", (v, k, j, t), terms, None, 0)


def add_steeper_pieces(model: ServerCp, check_time: Callable[[], None]) -> None:
    """Fill the pieces i before a steeper piece j, train_i ≥ U_i full_j, to use it.

    And those j' that follow it up to the next steeper one, train_j' ≤ U_j' full_j.
    Work of models that must serve when it is done takes all pieces in order.
    """
    pieces = model.cells.pieces
    for (v, k, j, t), x in model.train.items():
        check_time()
        first = model.cells.waits_for((v, k, j, t))
        if first:
            terms = [(x, 1), (model.full[v, k, first, t], -pieces[j].units)]
            add_row(model, "steeper", (v, k, j, t), terms, None, 0)
    for (v, k, j, t), x in model.full.items():
        check_time()
        for i in range(j):
            terms = [(model.train[v, k, i, t], 1), (x, -pieces[i].units)]
            add_row(model, "before_steeper", (v, k, j, t, i), terms, 0, None)


def add_progress(model: ServerCp, check_time: Callable[[], None]) -> None:
    """Add up the work, done_{v,k,t+1} = done_{v,k,t} + Σ_j g_{k,j,t} train_{v,k,j,t}.

    g is what a unit of piece j gains; in a training's first slot a part of it.
    """
    for (v, k, after), x in model.done.items():
        check_time()
        training = model.cells.training((v, k))
        t = after - 1
        terms = [
            (model.train[v, k, j, t], training.gain(j, t))
            for j in range(len(model.cells.pieces))
        ]
        if t > training.release:
            terms.append((model.done[v, k, t], 1))
        terms.append((x, -1))
        add_row(model, "progress", (v, k, after), terms, 0, 0)


def add_work(model: ServerCp, check_time: Callable[[], None]) -> None:
    """Do the work in time, done_t ≥ Σ_{c≤t} W z_c + Σ_{c>t} (W - D_{t,c})⁺ z_c.

    z_c = ready_c - ready_{c-1} says that the model serves from slot c, W is the work
    and D_{t,c} what slots t to c - 1 can do at most.
    """
    for (v, k, t), x in model.done.items():
        check_time()
        needed = model.cells.training((v, k)).needed(t)
        if needed:
            terms = [(x, 1), *((model.ready[v, k, c], -n) for c, n in needed)]
            add_row(model, "work", (v, k, t), terms, 0, None)


def add_prompt_service(model: ServerCp, check_time: Callable[[], None]) -> None:
    """Serve when the work is done, done_t ≤ U + (D_t - U) ready_t.

    U is the most that may count as undone, D_t what the slots before t can do at most.
    Only for models that may be worse than the one held; others are better served
    sooner anyway.
    """
    for (v, k, t), x in model.done.items():
        check_time()
        training = model.cells.training((v, k))
        most = training.doable(0, t)
        if training.is_prompt and most > training.undone:
            terms = [(x, 1)]
            if t >= training.low:
                terms.append((model.ready[v, k, t], training.undone - most))
            add_row(model, "prompt_service", (v, k, t), terms, None, training.undone)


def add_row(
    model: ServerCp,
    family: str,
    key: Key,
    terms: Terms,
    low: int | None,
    high: int | None,
) -> None:
    """Add low ≤ Σ terms ≤ high with one of them, or both equal."""
    from ortools.sat.python.cp_model import INT_MAX, INT_MIN, LinearExpr

    total = LinearExpr.weighted_sum([x for x, _ in terms], [n for _, n in terms])
    row = model.problem.add_linear_constraint(
        total, INT_MIN if low is None else low, INT_MAX if high is None else high
    )
    row.with_name(model.label + "_".join([family, *map(str, key)]))
