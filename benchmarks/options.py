"""Options that the benchmarks share."""

import argparse
from pathlib import Path


def integer(minimum):
    """Return an argument type: integers from `minimum` on.

    Parameters
    ----------
    minimum : int
        Smallest integer allowed.

    Returns
    -------
    callable
        For `argparse`'s parameter `type`.
    """

    def parse(text):
        if not text.lstrip("-").isdecimal() or int(text) < minimum:
            raise argparse.ArgumentTypeError(
                f"expected an integer of at least {minimum}, received {text!r}"
            )
        return int(text)

    return parse


def add_shared_options(parser, folder=None, note="", *, quick="a small run, to try it out"):
    """Add the options that every job has.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Parser of the subcommand.
    folder : str or None, default=None
        Where the report lies by default; None leaves that to the job.
    note : str, default=""
        What to say of the folder.
    quick : str, default="a small run, to try it out"
        What a quick run is.
    """
    parser.add_argument("--quick", action="store_true", help=quick)
    parser.add_argument("--seed", type=integer(0), default=0, help="random state (default: 0)")
    parser.add_argument("--output", type=Path, default=folder, help=f"folder{note}")
    parser.add_argument("--check", action="store_true", help="fail if a claim does not hold")
