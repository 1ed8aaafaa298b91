"""Chain windows that were recorded one by one into a horizon.

The windows follow each other in the order of PATH…, streams are matched by name. What
earlier models score is taken from a profile's records (`ekya-opt profile`) where there
are any, and from the decay elsewhere.
"""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="instance file, directory of them, or shipped:FAMILY[/NAME]",
    )
    parser.add_argument("--name", default="chain", help="name of the horizon")
    parser.add_argument(
        "--same-start",
        action="store_true",
        help="all windows were measured from one model, which is the first",
    )
    parser.add_argument(
        "--reference",
        metavar="CONFIG",
        help="config whose models were kept and scored later (default: what the "
        "metadata of a profile say)",
    )
    decay = parser.add_argument_group("what models lose from window to window")
    decay.add_argument("--factor", type=float, default=1.0, help="part that they keep")
    decay.add_argument("--loss", type=float, default=0.0, help="lost besides")
    decay.add_argument("--least", type=float, default=0.0, help="where it ends")
    kept = parser.add_argument_group("models that are kept")
    kept.add_argument(
        "--cached-models",
        type=int,
        default=0,
        metavar="N",
        help="earlier models that a stream can keep",
    )
    kept.add_argument(
        "--load-seconds",
        type=float,
        metavar="S",
        help="what a cold start takes (default: the mean that is recorded)",
    )
    kept.add_argument(
        "--warm-gb",
        type=float,
        default=0.0,
        metavar="GB",
        help="memory for models that are used again at once",
    )
    kept.add_argument(
        "--model-gb",
        type=float,
        default=0.0,
        metavar="GB",
        help="memory of one of them",
    )
    parser.add_argument(
        "-o", "--output", required=True, metavar="FILE", help="file to write"
    )


def run(arguments: argparse.Namespace) -> int:
    """Chain and write; return the exit status."""
    from ekya_opt.commands.studies import windows_of
    from instances.chaining import chain
    from instances.horizon_stream import Decay
    from instances.problems import write_problem

    horizon = chain(
        [window for _, window in windows_of(arguments.paths)],
        name=arguments.name,
        decay=Decay(
            factor=arguments.factor, loss=arguments.loss, least=arguments.least
        ),
        same_start=arguments.same_start,
        reference=arguments.reference,
        cached_models=arguments.cached_models,
        load_seconds=arguments.load_seconds,
        warm_gb=arguments.warm_gb,
        model_gb=arguments.model_gb,
    )
    write_problem(horizon, arguments.output)
    print(arguments.output)
    return 0
