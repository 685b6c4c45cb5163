"""Command line of the benchmarks: `python -m benchmarks <job>`."""

import argparse
import shlex
import sys

from benchmarks import BenchmarkError
from benchmarks.anomaly import job as anomaly
from benchmarks.articles import job as articles
from benchmarks.defaults import job as defaults
from benchmarks.latent import job as latent
from benchmarks.speed import job as speed

JOBS = {
    "anomaly": anomaly,
    "articles": articles,
    "defaults": defaults,
    "latent": latent,
    "speed": speed,
}


def main(argv=None):
    """Run the job that the command line names.

    Parameters
    ----------
    argv : list of str or None, default=None
        Arguments, those of the process by default.

    Returns
    -------
    int
        Exit status: 1 if it cannot be measured, or if `--check` found a claim that does not hold.
    """
    argv = sys.argv[1:] if argv is None else argv
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    jobs = parser.add_subparsers(dest="job", required=True, metavar="job")
    for name, job in JOBS.items():
        summary = job.__doc__.splitlines()[0]
        job.add_arguments(jobs.add_parser(name, help=summary, description=summary))
    arguments = parser.parse_args(argv)
    command = shlex.join(["python", "-m", "benchmarks", *argv])
    try:
        return JOBS[arguments.job].run(arguments, command)
    except BenchmarkError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
