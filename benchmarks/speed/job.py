"""Compare skae's speed with that of Keras, scikit-learn and PyTorch; loss beside time."""

from contextlib import closing

from benchmarks import integer
from benchmarks.speed import alone, contests, paths, starts
from benchmarks.workers import Workers

SOURCE = ("rounds",)
MEASURED = alone.MEASURED | starts.MEASURED
CONTESTS = (*contests.RACES, *MEASURED, "paths")
QUICK_CONTESTS = ("dense32-mse", "dense256-bce", "search", *alone.MEASURED)


def add_arguments(parser):
    listed = f"some of {', '.join(CONTESTS)} (default: all)"
    parser.add_argument("--only", nargs="+", choices=CONTESTS, metavar="CONTEST", help=listed)
    parser.add_argument("--paths", action="store_true", help="the same as --only paths")
    parser.add_argument("--rounds", type=integer(1), help="take medians of so many (default: 3)")


def seeds(arguments):
    rounds = arguments.rounds or (1 if arguments.quick else 3)
    return range(arguments.seed, arguments.seed + rounds)


def measure(arguments, parts):
    quick, rounds, seed = arguments.quick, len(seeds(arguments)), arguments.seed
    chosen = arguments.only or (QUICK_CONTESTS if quick else CONTESTS)
    chosen = ("paths",) if arguments.paths else chosen
    with closing(Workers()) as workers:

        def run(key, process, function, *arguments):
            """Call a function in a process, a name and its environment, if it is not saved yet."""
            return parts(key, workers, *process, function, *arguments)

        for name in (name for name in CONTESTS if name in chosen):
            if name in contests.RACES:
                yield contests.measure(name, run, quick, rounds, seed)
            elif name == "paths":
                yield paths.measure(run, quick, rounds, seed)
            else:
                yield MEASURED[name](quick, run, seed)
