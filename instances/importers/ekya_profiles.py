"""The micro-profiling experiment of Ekya's authors, a table in one of their notebooks.

Its accuracy errors are the data behind Ekya, Fig. 11a.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from instances.checks import shown
from instances.errors import InvalidInstance
from instances.importers.ekya_clone import check_counts
from instances.importers.notebooks import find_table
from instances.importers.numbers import as_number

COLUMNS = (
    *("city", "task_id", "hp_id", "epochs", "accuracy_pred", "runtime_pred"),
    *("accuracy_actual", "runtime_actual", "default_inference_acc_pred"),
    *("default_inference_acc_actual", "microprofile_time_taken"),
    *("runtime_inittime_pred", "runtime_timeperepoch_pred"),
    *("runtime_inittime_actual", "runtime_timeperepoch_actual", "acc_error"),
    *("runtime_error", "acc_error_percent", "runtime_error_percent"),
    *("runtime_error2", "runtime_error2_percent"),
)
NUM_ROWS, NUM_CITIES, NUM_CITY_WINDOWS = 936, 18, 52
HYPERPARAMETERS, EPOCHS = range(6), (5, 15, 30)
SAMPLE_FACTOR = 10
"""The micro-profiler trains on a tenth of the data and scales an epoch's time."""

PRINTED = 1e-6
"""What rounding to the 6 printed decimals may change in a difference of two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfiledConfig:
    """A retraining config of a city in a window: what was predicted and measured.

    Parameters
    ----------
    city, window
        The stream and its window, from 1.
    hyperparameters, epochs
        The id of the hyperparameters, 0 to 5, and the epochs trained: 5, 15 or 30.
    gpu_seconds, accuracy
        Measured on a whole GPU: seconds (start and epochs), accuracy on the test set.
    estimated_gpu_seconds, estimated_accuracy
        What the micro-profiler predicted.
    start_accuracy
        Accuracy of the pretrained head of these hyperparameters, before retraining.
    micro_profile_seconds
        What the micro-profiling of the whole window took, the same in all its configs.
    """

    city: str
    window: int
    hyperparameters: int
    epochs: int
    gpu_seconds: float
    accuracy: float
    estimated_gpu_seconds: float
    estimated_accuracy: float
    start_accuracy: float
    micro_profile_seconds: float

    @property
    def name(self) -> str:
        """The name of the retraining config, such as ``hp3-e15``."""
        return f"hp{self.hyperparameters}-e{self.epochs}"

    @property
    def accuracy_error(self) -> float:
        """Predicted minus measured accuracy."""
        return self.estimated_accuracy - self.accuracy


def read_profiles(path: Path, *, partial: bool = False) -> tuple[ProfiledConfig, ...]:
    """Return the rows of the micro-profiling table in a notebook, as it orders them.

    Every row is checked: the domains; ``acc_error`` is predicted minus actual accuracy;
    ``runtime_pred`` is the predicted start plus ten times the epochs' time. Each city
    and window has 6 × 3 configs, each once, one micro-profiling time and one start
    accuracy for each ``hp_id``.

    Parameters
    ----------
    path
        The notebook, ``microprofile_viz.ipynb`` in the authors' repository.
    partial
        Whether other numbers of rows and cities than the authors' (936 rows, 18
        cities, 52 city-windows) are accepted.

    Raises
    ------
    EkyaOptError
        If the file cannot be read.
    InvalidInstance
        If a check fails; the message names the row, the column and the value.
    """
    found = find_table(path, COLUMNS)
    names = found.table.columns
    rows = []
    for idx, cells in enumerate(found.table.rows):
        row = _Row(dict(zip(names, cells, strict=True)), found.place, idx, path)
        rows.append(row.config())
    if not rows:
        raise InvalidInstance("has no rows", found.place, str(path))
    _check_windows(rows, found.place, path)
    if not partial:
        city_windows = {(row.city, row.window) for row in rows}
        counts = {
            "cities": (len({row.city for row in rows}), NUM_CITIES),
            "city-windows": (len(city_windows), NUM_CITY_WINDOWS),
            "rows": (len(rows), NUM_ROWS),
        }
        check_counts(counts, found.place, path)
    return tuple(rows)


@dataclass(frozen=True, slots=True)
class _Row:
    """The cells of a row by their column, while they are checked."""

    cells: dict[str, str]
    table: str
    idx: int
    path: Path

    def config(self) -> ProfiledConfig:
        """Return the checked row."""
        city = self.cells["city"]
        if not city or not city.isprintable():
            raise self.refusal("city", "expected the name of a city")
        accuracy = self.share("accuracy_actual")
        estimated_accuracy = self.share("accuracy_pred")
        self.share("default_inference_acc_pred")
        self.check_difference("acc_error", estimated_accuracy, accuracy)
        epochs = self.one_of("epochs", EPOCHS)
        estimated_gpu_seconds = self.seconds("runtime_pred")
        self.check_difference(
            "runtime_error", estimated_gpu_seconds, self.seconds("runtime_actual")
        )
        self.check_sample_factor(epochs, estimated_gpu_seconds)
        start = self.seconds("runtime_inittime_actual")
        epoch = self.seconds("runtime_timeperepoch_actual")
        return ProfiledConfig(
            city=city,
            window=int(self.number("task_id", low=1, high=1e6, whole=True)),
            hyperparameters=self.one_of("hp_id", HYPERPARAMETERS),
            epochs=epochs,
            gpu_seconds=round(start + epochs * epoch, 6),
            accuracy=accuracy,
            estimated_gpu_seconds=estimated_gpu_seconds,
            estimated_accuracy=estimated_accuracy,
            start_accuracy=self.share("default_inference_acc_actual"),
            micro_profile_seconds=self.seconds("microprofile_time_taken"),
        )

    def place(self, column: str) -> str:
        """Return where in the notebook the cell of a column stands."""
        return f"{self.table}.rows[{self.idx}].{column}"

    def refusal(self, column: str, expected: str) -> InvalidInstance:
        """Return the error that refuses the cell of a column."""
        message = f"is {shown(self.cells[column])}, {expected}"
        return InvalidInstance(message, self.place(column), str(self.path))

    def number(
        self,
        column: str,
        *,
        low: float = -1e9,
        high: float = 1e9,
        above: bool = False,
        whole: bool = False,
    ) -> float:
        """Return the number in a column after checking its bounds."""
        return as_number(
            self.cells[column],
            self.place(column),
            self.path,
            low=low,
            high=high,
            above=above,
            whole=whole,
        )

    def share(self, column: str) -> float:
        """Return the number in a column, which must be in [0, 1]."""
        return self.number(column, low=0, high=1)

    def seconds(self, column: str) -> float:
        """Return the number in a column, which must be above 0."""
        return self.number(column, low=0, above=True)

    def one_of(self, column: str, values: Sequence[int]) -> int:
        """Return the whole number in a column, which must be one of the values."""
        number = self.number(column)
        if number not in values:
            expected = f"expected one of {', '.join(map(str, values))}"
            raise self.refusal(column, expected)
        return int(number)

    def check_difference(self, column: str, predicted: float, actual: float) -> None:
        """Check that a column holds predicted minus actual, up to the rounding."""
        if abs(self.number(column) - (predicted - actual)) > 2 * PRINTED:
            expected = f"expected {predicted - actual:.6f}, predicted minus actual"
            raise self.refusal(column, expected)

    def check_sample_factor(self, epochs: int, predicted: float) -> None:
        """Check: predicted = start + 10 × epochs × seconds an epoch (rounded)."""
        epoch = self.seconds("runtime_timeperepoch_pred")
        factor = SAMPLE_FACTOR * epochs
        expected = self.seconds("runtime_inittime_pred") + factor * epoch
        if abs(predicted - expected) > (factor + 2) * PRINTED:
            rule = "start + 10 × epochs × seconds an epoch"
            raise self.refusal("runtime_pred", f"expected {expected:.6f} = {rule}")


def _check_windows(rows: Sequence[ProfiledConfig], table: str, path: Path) -> None:
    """Check that each city and window has every config once, and one time and start."""
    seen: dict[tuple[str, int, int, int], int] = {}
    constants: dict[tuple[str, int, int | str], float] = {}
    for idx, row in enumerate(rows):
        place = f"{table}.rows[{idx}]"
        key = (row.city, row.window, row.hyperparameters, row.epochs)
        what = f"{row.city}, window {row.window}, {row.name}"
        if key in seen:
            message = f"is {what}, which rows[{seen[key]}] already has"
            raise InvalidInstance(message, place, str(path))
        seen[key] = idx
        for kind, column, value in (
            ("", "microprofile_time_taken", row.micro_profile_seconds),
            (row.hyperparameters, "default_inference_acc_actual", row.start_accuracy),
        ):
            first = constants.setdefault((row.city, row.window, kind), value)
            if value != first:
                message = f"is {value:g}, expected {first:g} as in the rows before"
                message += f" of {row.city}, window {row.window}"
                raise InvalidInstance(message, f"{place}.{column}", str(path))
    for city, window in dict.fromkeys((row.city, row.window) for row in rows):
        missing = [
            f"hp{hyperparameters}-e{epochs}"
            for hyperparameters in HYPERPARAMETERS
            for epochs in EPOCHS
            if (city, window, hyperparameters, epochs) not in seen
        ]
        if missing:
            message = f"lacks {', '.join(missing)} of {city}, window {window};"
            message += f" expected {len(HYPERPARAMETERS) * len(EPOCHS)} configs"
            raise InvalidInstance(message, table, str(path))
