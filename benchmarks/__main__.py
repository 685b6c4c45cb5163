"""Command line of the benchmarks: `python -m benchmarks <question>`."""

import argparse
import sys
import time
from contextlib import closing
from pathlib import Path

from benchmarks import BenchmarkError, defaults, integer, latent, page, record, tables
from benchmarks.anomaly import job as anomaly
from benchmarks.articles import job as articles
from benchmarks.speed import job as speed

# Each has `add_arguments`, `seeds`, `measure` and `SOURCE`, the arguments beside --seed and --quick
# on which its saved parts depend.
JOBS = {
    "anomaly": anomaly,
    "articles": articles,
    "defaults": defaults,
    "latent": latent,
    "speed": speed,
}


def main(argv=None):
    """Run what the command line names, or list what it may name; return the exit status.

    It is 1 if it cannot be measured, or if `--check` found a claim that does not hold.
    """
    argv = sys.argv[1:] if argv is None else argv
    parser = _parser()
    arguments = parser.parse_args(argv)
    if arguments.job is None:
        parser.print_help()
        return 0
    try:
        if arguments.job == "tables":
            return tables.write(check=arguments.check)
        return run(JOBS[arguments.job], arguments, record.repeatable("benchmarks", argv))
    except BenchmarkError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def run(job, arguments, command):
    """Measure, save the records, write the page and print the answers; return the exit status."""
    if arguments.quick and (arguments.check or arguments.record):
        raise BenchmarkError(
            "Expected --check or --record without --quick, whose few rows claim nothing; received "
            "both. Drop one of them."
        )
    folder = arguments.output or Path("reports", arguments.job)
    source = tuple(getattr(arguments, name) for name in ("seed", "quick", *job.SOURCE))
    found, start = [], time.perf_counter()
    with closing(record.Parts(folder / "parts", source, resumes=arguments.resume)) as parts:
        for one in job.measure(arguments, parts):
            seconds, start = time.perf_counter() - start, time.perf_counter()
            one.origin = record.origin(command, job.seeds(arguments), seconds)
            if arguments.quick:
                one.claims = {}
            one.save(folder)
            if arguments.record:
                one.save(record.RESULTS)
            print(one)
            found.append(one)
    path = page.write(found, folder, title=_summary(job).rstrip("."), quick=arguments.quick)
    print(f"\nReport: {path.resolve()}")
    return int(arguments.check and not all(all(one.claims.values()) for one in found))


def _parser():
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    jobs = parser.add_subparsers(dest="job", metavar="question")
    for name, job in JOBS.items():
        one = jobs.add_parser(name, help=_summary(job), description=_summary(job))
        job.add_arguments(one)
        one.add_argument("--quick", action="store_true", help="a small run, to try it out")
        one.add_argument("--seed", type=integer(0), default=0, help="random state (default: 0)")
        one.add_argument("--output", type=Path, help=f"folder (default: reports/{name})")
        one.add_argument("--resume", action="store_true", help="measure only what is missing there")
        one.add_argument("--check", action="store_true", help="fail if a claim does not hold")
        one.add_argument("--record", action="store_true", help="also save in benchmarks/results")
    summary = _summary(tables)
    one = jobs.add_parser("tables", help=summary, description=summary)
    one.add_argument("--check", action="store_true", help="write nothing, fail if they differ")
    return parser


def _summary(module):
    return module.__doc__.splitlines()[0]


if __name__ == "__main__":
    sys.exit(main())
