"""Compare skae's speed with that of Keras, scikit-learn, PyTorch and PyOD; loss beside time."""

import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

import pandas as pd
from tqdm import tqdm

from benchmarks import BenchmarkError, workers
from benchmarks.options import add_shared_options, integer
from benchmarks.report import publish
from benchmarks.speed import skae_alone
from benchmarks.speed.claims import claims
from benchmarks.speed.contestants import CONTESTANTS, Skae, race
from benchmarks.speed.contests import (
    CONTESTS,
    FULL,
    QUALITY,
    QUICK,
    QUICK_CONTESTS,
    RACES,
    time_to_quality,
)
from benchmarks.speed.page import describe

N_THREADS = 4
FRESH = "fresh"  # a worker of its own for one step


@dataclass(frozen=True)
class Step:
    """One call in a worker.

    Parameters
    ----------
    label : str
        What the progress bar says.
    worker : str
        Name of the contestant in whose process it runs, or `FRESH`.
    function : callable
        Returns a dict or a list of dicts.
    arguments : tuple
        Of the function.
    frame : str or None, default=None
        Frame that the dicts become rows of; None drops them.
    tags : dict, default={}
        What else these rows say.
    """

    label: str
    worker: str
    function: Callable
    arguments: tuple
    frame: str | None = None
    tags: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Study:
    """What was measured.

    Parameters
    ----------
    contests : tuple of str
        Which.
    frames : dict of str to DataFrame
        "races", "quality", "transform", "gflops", "scaling", "growth", "peaks", "threads", those
        of the chosen contests.
    entrants : dict of str to str
        Versions of the contestants that took part.
    absent : dict of str to str
        Why others did not.
    quick : bool
        Whether everything was small.
    """

    contests: tuple[str, ...]
    frames: dict[str, pd.DataFrame]
    entrants: dict[str, str]
    absent: dict[str, str]
    quick: bool

    @property
    def sizes(self):
        """Sizes of everything but the races."""
        return QUICK if self.quick else FULL

    @property
    def results(self):
        """Medians over the rounds of the races, and seconds as multiples of those of skae.

        A code of two ReLUs loses one of them from some starts, whoever trains it, so that the best
        loss says more of how far a contestant trains than the median.
        """
        keys = ["contest", "contestant"]
        grouped = self.frames["races"].groupby(keys, sort=False)
        seconds = grouped["seconds"].agg(["median", "min", "max"])
        losses = grouped["loss"].agg(loss="median", best_loss="min")
        results = seconds.join(losses).reset_index()
        of_skae = results[results["contestant"] == Skae.name].set_index("contest")["median"]
        return results.assign(ratio=results["median"] / results["contest"].map(of_skae))

    @property
    def quality(self):
        """Medians over the rounds of the last epoch that was needed."""
        last = self.frames["quality"].groupby(["contestant", "round"], sort=False).last()
        return last.groupby("contestant", sort=False).median().reset_index()


def add_arguments(parser):
    """Add the options of this job to its parser.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Parser of the subcommand.
    """
    parser.add_argument("--only", nargs="+", choices=CONTESTS, metavar="CONTEST", help=_contests())
    parser.add_argument(
        "--rounds", type=integer(1), help="rounds in turns, of which medians are taken (default: 3)"
    )
    add_shared_options(parser, "reports/speed")


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
    study = measure(arguments)
    report = describe(
        study,
        claims=() if study.quick else tuple(claims(study)),
        command=command,
        seed=arguments.seed,
        wall_time_s=time.perf_counter() - start,
    )
    return publish(report, arguments.output, check=arguments.check)


def measure(arguments):
    """Run the contests, each contestant in a process of its own.

    Parameters
    ----------
    arguments : argparse.Namespace
        Options of this job.

    Returns
    -------
    Study
    """
    if arguments.check and arguments.quick:
        raise BenchmarkError(
            "Expected --check without --quick, whose times are mostly compilation and claim "
            "nothing; received both. Drop one of them."
        )
    chosen = arguments.only or (QUICK_CONTESTS if arguments.quick else CONTESTS)
    contests = tuple(name for name in CONTESTS if name in chosen)
    excuses = {contestant.name: contestant.excuse(arguments.quick) for contestant in CONTESTANTS}
    present = [contestant for contestant in CONTESTANTS if excuses[contestant.name] is None]
    rounds = arguments.rounds or (1 if arguments.quick else 3)
    steps = list(_steps(contests, present, rounds, arguments.quick, arguments.seed))
    used = {step.worker for step in steps}
    return Study(
        contests=contests,
        frames=_run_steps(steps, [c for c in present if c.name in used]),
        entrants={c.name: c.versions() for c in present if c.name in used},
        absent={name: excuse for name, excuse in excuses.items() if excuse is not None},
        quick=arguments.quick,
    )


def _contests():
    return f"some of {', '.join(CONTESTS)} (default: all)"


def _run_steps(steps, contestants):
    """Return what the steps measured, one frame a kind."""
    rows = defaultdict(list)
    with ExitStack() as stack, tqdm(steps, unit="step") as progress:
        processes = {c.name: workers.Worker(c.environment) for c in contestants}
        for process in processes.values():
            stack.callback(process.close)
        for step in progress:
            progress.set_description(step.label)
            found = _run_step(step, processes)
            if step.frame is not None:
                found = found if isinstance(found, list) else [found]
                rows[step.frame] += [step.tags | row for row in found]
    return {name: pd.DataFrame(found) for name, found in rows.items()}


def _run_step(step, processes):
    if step.worker != FRESH:
        return processes[step.worker](step.function, *step.arguments)
    process = workers.Worker(Skae.environment)
    try:
        return process(step.function, *step.arguments)
    finally:
        process.close()


def _steps(contests, contestants, rounds, quick, seed):
    """Yield everything that is to be done for these contests, in order."""
    sizes = QUICK if quick else FULL
    for name in contests:
        if name in RACES:
            yield from _race_steps(name, contestants, rounds, quick, seed)
    other_steps = {
        "transform": lambda: _transform_steps(sizes, seed),
        "quality": lambda: _quality_steps(sizes, rounds, seed),
        "scaling": lambda: _scaling_steps(sizes, seed),
        "memory": lambda: _memory_steps(sizes, seed),
        "threads": lambda: _thread_steps(sizes, seed),
    }
    for name in contests:
        if name in other_steps:
            yield from other_steps[name]()


def _race_steps(name, contestants, rounds, quick, seed):
    entrants = RACES[name].entrants(contestants)
    task = RACES[name].quick if quick else RACES[name].task
    for entrant in entrants:
        arguments = (entrant, task.warm_up, seed)
        yield Step(f"{name}: {entrant.name} warms up", entrant.name, race, arguments)
    for turn in range(rounds):
        for entrant in entrants:
            yield Step(
                f"{name}: {entrant.name}",
                entrant.name,
                race,
                (entrant, task, seed + turn),
                "races",
                {"contest": name, "contestant": entrant.name, "round": turn},
            )


def _transform_steps(sizes, seed):
    arguments = (sizes.transformed, seed)
    yield Step("transform", Skae.name, skae_alone.transform_times, arguments, "transform")


def _quality_steps(sizes, rounds, seed):
    for contestant, task in QUALITY:
        arguments = (contestant, task.warm_up, seed)
        yield Step(f"quality: {contestant.name} warms up", contestant.name, race, arguments)
    for turn in range(rounds):
        for contestant, task in QUALITY:
            task = replace(task, rows=sizes.quality_rows, epochs=sizes.quality_epochs)
            goal = (sizes.quality_target, sizes.quality_test_rows)
            yield Step(
                f"quality: {contestant.name}",
                contestant.name,
                time_to_quality,
                (contestant, task, *goal, seed + turn),
                "quality",
                {"contestant": contestant.name, "round": turn},
            )


def _scaling_steps(sizes, seed):
    yield Step("matrix products", Skae.name, skae_alone.matmul_gflops, (), "gflops")
    for panel, epochs in sizes.scaled:
        for rows, features, batch_size in epochs:
            yield Step(
                f"epoch of {rows} rows, {features} features, batch {batch_size}",
                Skae.name,
                skae_alone.epoch_cost,
                (rows, features, batch_size, seed),
                "scaling",
                {"panel": panel},
            )


def _memory_steps(sizes, seed):
    if not workers.can_measure_memory():
        return
    arguments = (sizes.fits, seed)
    yield Step(f"{sizes.fits} fits", FRESH, skae_alone.growth_over_fits, arguments, "growth")
    for dtype, rows in sizes.peaks:
        label = f"peak of {rows} rows, {dtype}"
        yield Step(label, FRESH, skae_alone.peak_of_fit, (rows, dtype, seed), "peaks")


def _thread_steps(sizes, seed):
    arguments = (N_THREADS, sizes.thread_epochs, seed)
    yield Step("threads", Skae.name, skae_alone.fits_in_threads, arguments, "threads")
