"""The columns of a table of runs, which analysis, figures and reports rely on."""

RUN_COLUMNS = {
    "key": "string",
    "study": "string",
    "instance": "string",
    "instance_hash": "string",
    "kind": "string",
    "reallocation": "string",
    "streams": "Int64",
    "gpus": "float64",
    "total_units": "Int64",
    "streams_per_gpu": "float64",
    "window_seconds": "float64",
    "solver": "string",
    "settings": "string",
    "label": "string",
    "seed": "Int64",
    "time_limit": "float64",
    "plan_on": "string",
    "status": "string",
    "stopped_by": "string",
    "failure": "string",
    "error": "string",
    "objective": "float64",
    "bound": "float64",
    "gap": "float64",
    "seconds": "float64",
    "process_seconds": "float64",
    "peak_bytes": "Int64",
    "verdict": "string",
    "trace": "object",
    "started": "string",
    "attempts": "Int64",
    "processor": "string",
    "version": "string",
    "environment": "string",
}
"""Column and its type in pandas; what is missing is ``<NA>`` or NaN.

``label`` is the solver with the settings given (``thief:passes=0``), with "on
estimates" where it plans on them, ``settings`` JSON of all in effect, ``gap`` (bound −
objective) / bound of the run itself, ``trace`` a tuple of (seconds, objective, bound),
``gpus`` and ``total_units`` those of the server (of all GPUs of a placement),
``environment`` the environment's key in the store.
"""
