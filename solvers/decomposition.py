"""Decomposition of a server's window by prices of its slots."""

import numpy as np

from formulations.certificate import Certificate
from formulations.schedule import Schedule
from formulations.server_plan import ServerPlan, cells_of
from formulations.server_window import ServerWindow
from instances import Instance, InvalidOption
from solvers.compiled_work import in_time
from solvers.result import StoppedBy
from solvers.search import Answer, Search, TimeUp
from solvers.server_search import ServerSearch, Whole
from solvers.server_tree import Floats, ServerTree

FIRST_MOVES = 20_000
MOVES = 20_000
NODE_MOVES = 2_000

COOL = 0.05
"""Warmth of annealing in a part of the cells."""

MOST_WORK = 500_000_000
"""Moves times cubed streams in one run of annealing, some seconds."""

POLISHINGS, POLISH_WORK = 1_000, 3_000_000_000
"""Trials at full value, and the steps that they may take, some seconds."""

LOOKS = 16
"""Of so many parts that stay open one is annealed in, unless it is a leaf."""

ANNEALINGS = 3
"""Times that the root is looked at again with what annealing finds."""

PRICE_SCALE = 2**40

NEARLY = 1e-4
"""Annealing's value of cells may be so much less than that of their best plan."""


def solve_decomposition(
    instance: Instance, search: Search, *, gap: float = 0.001
) -> Answer:
    """Lagrangian decomposition by slot prices, annealing, and branch and bound.

    A column is one stream's whole window: its option, the slot from which the model
    serves, and its units in every slot, priced by closed form at given slot prices. The
    prices' bound (Fisher, 1981) is lowered by a subgradient method. Reduced costs leave
    out cells and bound the units that can train in a slot, which lowers the bound
    again; the rest is branched on.

    Parameters
    ----------
    instance
        Problem with reallocation ``server``.
    search
        The run's options, clock and incumbents.
    gap
        Relative gap at which to stop, in [0, 1); 0 proves the optimum where a dynamic
        program finds the best plan of given cells.
    """
    if not 0 <= gap < 1:
        message = f"decomposition: gap is {gap:g}, expected at least 0 and below 1"
        raise InvalidOption(message)
    window = ServerWindow(instance, search.check_time)
    if window.infeasible:
        return Answer(infeasible=True)
    kernels = in_time(search, lambda _: loaded_kernels(window))
    climb = Climb(window, kernels, search)
    climb.start()
    climb.anneal(FIRST_MOVES)
    tree = in_time(search, lambda _: ServerTree(kernels, climb.known, gap))
    answer = Answer()
    try:
        _close(tree, climb, search)
    except TimeUp:
        answer.stopped_by = StoppedBy.TIME_LIMIT
    except KeyboardInterrupt:
        answer.stopped_by = StoppedBy.INTERRUPT
    search.report_bound(tree.bound)
    answer.schedule, answer.objective = search.schedule, search.objective
    answer.bound = tree.bound
    certificate = Certificate(
        prices=tuple(map(tuple, map(_rounded, tree.passes))),
        bound=tree.root.bound if tree.nodes > 1 else None,
    )
    answer.metadata.update(
        nodes=tree.nodes,
        cells=int((kernels.arrays.last - kernels.arrays.first + 1).sum()),
        cells_after_fixing=int(np.maximum(tree.root.high - tree.root.low + 1, 0).sum()),
        root_bound=tree.root_bound,
        certificate=certificate.as_dict(),
    )
    return answer


def _close(tree: ServerTree, climb: "Climb", search: Search) -> None:
    """Anneal and branch until the bound is close enough."""
    search.report_bound(tree.bound)
    climb.look(tree.likely(tree.root), True)
    for _ in range(ANNEALINGS):
        if tree.done:
            break
        climb.low, climb.high = tree.root.low, tree.root.high
        climb.anneal(MOVES)
        climb.polish()
        in_time(search, lambda _: tree.narrow(climb.known))
        search.report_bound(tree.bound)
    parts = 0

    def found(cells: tuple[Whole, Whole], is_leaf: bool) -> None:
        nonlocal parts
        parts += 1
        if is_leaf or parts % LOOKS == 0:
            climb.look(cells, is_leaf)
            tree.objective = max(tree.objective, climb.known)

    while not tree.done:
        search.check_time()
        tree.grow(found)
        search.report_bound(tree.bound)


def _rounded(prices: Floats) -> list[float]:
    """Return prices as short binary fractions, for proofs in rational numbers."""
    return [round(price * PRICE_SCALE) / PRICE_SCALE for price in prices.tolist()]


def loaded_kernels(window: ServerWindow) -> ServerSearch:
    """Return a window's kernels, with all that they need compiled."""
    kernels = ServerSearch(window)
    cells = kernels.held.copy(), np.zeros_like(kernels.held)
    kernels.anneal(cells, kernels.arrays.first, kernels.arrays.last, 1, 0)
    kernels.polish(cells, kernels.arrays.first, kernels.arrays.last, 1, 0)
    kernels.best_plan(cells)
    kernels.bound_of(cells)
    ServerTree(kernels, 0.0, 0.0, rounds=1)
    return kernels


class Climb:
    """The best plan known of a server's window, improved by annealing.

    Parameters
    ----------
    window, kernels
        The window and its kernels.
    search
        The run; every better plan is reported.
    """

    def __init__(
        self, window: ServerWindow, kernels: ServerSearch, search: Search
    ) -> None:
        self._window = window
        self._kernels = kernels
        self._search = search
        self.low, self.high = kernels.arrays.first, kernels.arrays.last
        self.objective = -np.inf
        self.cells = kernels.models(first_cells(window))
        self._runs = 0

    @property
    def known(self) -> float:
        """Objective of the best schedule known, 0 if there is none."""
        return max(self.objective, self._search.objective or 0.0)

    def start(self) -> None:
        """Begin with the initial schedule, or with every stream's first model."""
        initial = self._search.schedule
        if initial is not None:
            self._keep(self._kernels.models(cells_of(self._window, initial)))
        self._keep(self.cells)

    def anneal(self, moves: int, warmth: float = 1.0) -> None:
        """Anneal from the best cells; keep what is better."""
        self._anneal(self.cells, moves, warmth)

    def polish(self) -> None:
        """Improve the best cells by trials at full value, where annealing rounds."""
        kernels = self._kernels
        moves = min(POLISHINGS, POLISH_WORK // self._trial_work())
        if not kernels.is_coarse or moves < 1:
            return
        seed = self._seed()
        best, low, high = self.cells, self.low, self.high
        self._keep(
            in_time(
                self._search, lambda _: kernels.polish(best, low, high, moves, seed)
            )
        )

    def look(self, cells: tuple[Whole, Whole], exactly: bool = False) -> None:
        """Anneal a little from given cells; keep what is better.

        With ``exactly`` the cells' own best plan is looked at as well.
        """
        if exactly:
            self._keep(cells)
        self._anneal(cells, NODE_MOVES, COOL)

    def _anneal(self, cells: tuple[Whole, Whole], moves: int, warmth: float) -> None:
        seed = self._seed()
        most = max(1, min(moves, MOST_WORK // len(self._kernels.held) ** 3))
        value, found = in_time(
            self._search,
            lambda _: self._kernels.anneal(
                cells, self.low, self.high, most, seed, warmth
            ),
        )
        if value > self.objective - NEARLY:
            self._keep(found)

    def _seed(self) -> int:
        self._runs += 1
        return (self._search.options.seed + self._runs - 1) % 2**31

    def _trial_work(self) -> int:
        """Return about how many steps the best plan of cells takes to find."""
        arrays = self._kernels.arrays
        work = int(arrays.demand[self.cells[0]].sum()) * arrays.slots
        serving = (2 * len(self.cells[0]) + 1) * len(arrays.level_units)
        return arrays.capacity * (work + serving) + 1

    def _keep(self, cells: tuple[Whole, Whole]) -> None:
        plan = in_time(self._search, lambda _: self._kernels.best_plan(cells))
        if plan is None:
            return
        value = plan.objective(self._window)
        if value > self.objective:
            self.objective = value
            self.cells = self._kernels.models(plan.cells)
            self._search.report(value, lambda: _scheduled(plan, self._window))


def _scheduled(plan: ServerPlan, window: ServerWindow) -> Schedule:
    return plan.schedule(window)


def first_cells(window: ServerWindow) -> list[tuple[int | None, int]]:
    """Return cells that keep every floor with the fewest units, without training."""
    cells: list[tuple[int | None, int]] = []
    for v, options in enumerate(window.options):
        levels = window.serving(v, window.accuracy(v, None))
        fewest = levels[0].units if levels else np.inf
        cell: tuple[int | None, int] = (None, 0)
        for idx, option in enumerate(options):
            if option.first == 0:
                served = window.serving(v, option.accuracy)
                if served and served[0].units < fewest:
                    fewest, cell = served[0].units, (idx, 0)
        cells.append(cell)
    return cells
