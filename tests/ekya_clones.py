"""Small stand-ins for a clone of the Ekya authors' repository; invented numbers."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

PROFILES = "ekya/viz/playground/microprofile_viz.ipynb"
SAMPLING = "ekya/experiment_drivers/real_inference_profiles.csv"
THROUGHPUT = "ekya/benchmarking/mps/cityscapes/benchmark_viz.ipynb"

CITY_WINDOWS = (("north", 1), ("north", 2), ("south", 1))
CURVES = "subsampling,c1,c2\n1,1,1\n2,0.75,0.875\n4,0.5,0.625\n"
SHARES = ((25, 8.0), (50, 5.0), (100, 4.0))

Row = dict[str, Any]


def table_rows(
    city_windows: Iterable[tuple[str, int]] = CITY_WINDOWS,
) -> list[Row]:
    """Return rows of the micro-profiling table, 18 for each city and window.

    Config hp h with e epochs takes 0.5 + e · (1 + h) s and reaches
    0.6 + 0.04 h + 0.001 e (0.02 less in window 2); it is predicted to take
    0.25 + 10 e · (0.125 + h) s and to reach 0.01 (h + 1) more.
    """
    return [
        _row(city, window, head, epochs)
        for city, window in city_windows
        for head in range(6)
        for epochs in (5, 15, 30)
    ]


def _row(city: str, window: int, head: int, epochs: int) -> Row:
    accuracy = 0.6 + 0.04 * head + 0.001 * epochs - 0.02 * (window - 1)
    error = 0.01 * (head + 1)
    actual, predicted = 1 + head, 0.125 + head
    seconds = 2.5 + epochs * actual
    estimate = 0.25 + 10 * epochs * predicted
    return {
        "city": city,
        "task_id": window,
        "hp_id": head,
        "epochs": epochs,
        "accuracy_pred": accuracy + error,
        "runtime_pred": estimate,
        "accuracy_actual": accuracy,
        "runtime_actual": seconds,
        "default_inference_acc_pred": 0.5,
        "default_inference_acc_actual": 0.625 if head < 3 else 0.5625,
        "microprofile_time_taken": 7.5,
        "runtime_inittime_pred": 0.25,
        "runtime_timeperepoch_pred": predicted,
        "runtime_inittime_actual": 0.5,
        "runtime_timeperepoch_actual": actual,
        "acc_error": error,
        "runtime_error": estimate - seconds,
        "acc_error_percent": 100 * error / accuracy,
        "runtime_error_percent": 0.0,
        "runtime_error2": -2.0,
        "runtime_error2_percent": 0.0,
    }


def table_html(rows: Sequence[Mapping[str, Any]], index: str = "") -> str:
    """Return rows as the HTML that pandas prints, numbers with 6 decimals."""
    columns = list(rows[0])
    head = "".join(f"<th>{name}</th>" for name in ["", *columns])
    if index:
        head += f"</tr><tr><th>{index}</th>" + "<th></th>" * len(columns)
    body = "".join(
        f"<tr>\n<th>{idx}</th>" + "".join(map(_cell, row.values())) + "</tr>\n"
        for idx, row in enumerate(rows)
    )
    style = "<style scoped> .dataframe tbody tr th { color: black; } </style>"
    return (
        f'<div>{style}<table border="1" class="dataframe"><thead><tr>{head}</tr>'
        f"</thead><tbody>{body}</tbody></table></div>"
    )


def _cell(value: Any) -> str:
    text = f"{value:.6f}" if isinstance(value, float) else str(value)
    return f"<td>{text}</td>\n"


def notebook(*outputs: str) -> dict[str, Any]:
    """Return a notebook with a remark and a code cell for each HTML output."""
    cells: list[dict[str, Any]] = [{"cell_type": "markdown", "source": ["# remark"]}]
    for html in outputs:
        data = {"text/html": html.splitlines(keepends=True), "text/plain": ["…"]}
        output = {"output_type": "execute_result", "data": data}
        cells.append({"cell_type": "code", "source": [], "outputs": [output]})
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}


def write_clone(
    root: Path,
    rows: Sequence[Mapping[str, Any]],
    curves: str = CURVES,
    shares: Sequence[tuple[int, float]] = SHARES,
) -> Path:
    """Write the three files at their known places below a root, and return it."""
    times = [{"time": seconds} for _, seconds in shares]
    html = table_html(times, index="alloc")
    for idx, (share, _) in enumerate(shares):
        html = html.replace(f"<th>{idx}</th>", f"<th>{share}</th>")
    write(root / PROFILES, json.dumps(notebook(table_html(rows))))
    write(root / SAMPLING, curves)
    write(root / THROUGHPUT, json.dumps(notebook(html)))
    return root


def write(path: Path, text: str) -> Path:
    """Write a text to a file, with the folders it needs, and return the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
