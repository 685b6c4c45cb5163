"""Compare skae's speed with that of Keras, scikit-learn, PyTorch and PyOD; loss beside time."""

from contextlib import closing
from dataclasses import replace

import pandas as pd
from tqdm import tqdm

from benchmarks import integer, page
from benchmarks.page import Finding, Picture
from benchmarks.record import Record
from benchmarks.speed import alone, paths
from benchmarks.speed.contestants import CONTESTANTS, Skae, race
from benchmarks.speed.contests import KERAS, RACES, quality
from benchmarks.workers import Workers

LOSS_TOLERANCE = 1.05
OTHERS = ("transform", "quality", "scaling", "memory", "scoring", "paths")
CONTESTS = (*RACES, *OTHERS)
QUICK_CONTESTS = ("dense32-mse", "dense256-bce", "search", *OTHERS[:-1])


def add_arguments(parser):
    listed = f"some of {', '.join(CONTESTS)} (default: all)"
    parser.add_argument("--only", nargs="+", choices=CONTESTS, metavar="CONTEST", help=listed)
    parser.add_argument(
        "--paths", action="store_true", help="every objective beside Keras by hand, nothing else"
    )
    parser.add_argument(
        "--rounds", type=integer(1), help="rounds in turns, of which medians are taken (default: 3)"
    )


def source(arguments):
    return (arguments.rounds,)


def seeds(arguments):
    return range(arguments.seed, arguments.seed + _rounds(arguments))


def measure(arguments, parts):
    chosen = arguments.only or (QUICK_CONTESTS if arguments.quick else CONTESTS)
    chosen = ("paths",) if arguments.paths else chosen
    with closing(Workers()) as workers, tqdm(unit="step") as progress:

        def say(label):
            progress.set_description(label)
            progress.update()

        for name in (name for name in CONTESTS if name in chosen):
            say(name)
            if name in RACES:
                yield _race(name, workers, parts, arguments, say)
            elif name == "paths":
                size = paths.QUICK if arguments.quick else paths.FULL
                size = replace(size, rounds=_rounds(arguments))
                yield paths.measure(size, workers, parts, arguments.seed, say)
            elif name == "quality":
                yield quality(arguments.quick, workers, parts, _rounds(arguments), arguments.seed)
            else:
                yield alone.FINDINGS[name](arguments.quick, workers, parts, arguments.seed)


def described(name, runs):
    """Return what a race found: medians of seconds, losses, and claims."""
    grouped = runs.groupby("contestant", sort=False)
    results = grouped["seconds"].agg(["median", "min", "max"])
    # A code of two ReLUs loses one of them from some starts, whoever trains it, so that the best
    # loss says more of how far a contestant trains than the median.
    results = results.join(grouped["loss"].agg(loss="median", best_loss="min"))
    results["times_skae"] = results["median"] / results.loc[Skae.name, "median"]
    best = results["best_loss"]
    claims = {
        f"{one} takes at least {factor:g} times as long as skae.": (
            results.loc[one, "times_skae"] >= factor
        )
        for one, factor in RACES[name].at_least.items()
        if one in results.index
    }
    if KERAS in results.index:
        claims["skae's final loss, the best of the rounds, is at most 5 % above that by hand."] = (
            best[Skae.name] <= LOSS_TOLERANCE * best[KERAS]
        )
    results = results.reset_index()
    keras = results[results["contestant"] == KERAS]["times_skae"]
    record = Record(
        name=f"speed/{name}",
        title=RACES[name].title,
        answer=f"Keras by hand takes {keras.item():.1f} times as long as skae.",
        figures=dict(zip(results["contestant"], results["times_skae"], strict=True)),
        tables={"race": results, "runs": runs},
        claims=claims,
        settings={
            "Processes": "one for each contestant, warmed up by a tiny training of another "
            "architecture; rounds in turns; compiled programs forgotten before every fit",
            "Losses": "computed after the clock stopped, from reconstructions, in the same way",
        },
    )
    picture = page.bars(results, "contestant", "median", RACES[name].title)
    return Finding(record, (Picture("Medians; shorter is faster.", {name: picture}),))


def _race(name, workers, parts, arguments, say):
    one = RACES[name]
    task = one.quick if arguments.quick else one.task
    entrants = [c for c in CONTESTANTS if c.takes_part(arguments.quick) and c.can(task)]
    runs = []
    for turn in range(-1, _rounds(arguments)):
        for entrant in entrants:
            say(f"{name}: {entrant.name}")
            key = f"{name}-{entrant.name}-{turn}"
            trained = task.warm_up if turn < 0 else task
            seed = arguments.seed + max(turn, 0)
            measured = parts(
                key, workers, entrant.name, entrant.environment, race, entrant, trained, seed
            )
            if turn >= 0:
                runs.append({"contestant": entrant.name, "round": turn, **measured})
    return described(name, pd.DataFrame(runs))


def _rounds(arguments):
    return arguments.rounds or (1 if arguments.quick else 3)
