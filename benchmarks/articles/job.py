"""Rebuild published autoencoders through skae: parameters, losses, times, pictures."""

import time

from benchmarks import start_keras
from benchmarks.options import add_shared_options, integer
from benchmarks.report import publish


def add_arguments(parser):
    """Add the options of this job to its parser.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Parser of the subcommand.
    """
    parser.add_argument("--only", nargs="+", metavar="ID", help="articles or findings, such as B1")
    parser.add_argument(
        "--most-epochs",
        type=integer(1),
        help="cut longer trainings to so many epochs (default: as long as published)",
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on with what lies in the folder, measured alike"
    )
    add_shared_options(parser, "reports/articles")


def run(arguments, command):
    """Measure, print the tables, write the report and say where it lies.

    Parameters
    ----------
    arguments : argparse.Namespace
        Options of this job.
    command : str
        The command line, as the report is to state it.

    Returns
    -------
    int
        Exit status: 1 if `--check` found a claim that does not hold.
    """
    start = time.perf_counter()
    start_keras()
    from benchmarks.articles import claims, page, study  # they import Keras

    measured = study.measure(arguments)
    report = page.describe(
        measured,
        claims=() if arguments.quick else tuple(claims.claims(measured)),
        command=command,
        wall_time_s=time.perf_counter() - start,
    )
    return publish(report, arguments.output, check=arguments.check)
