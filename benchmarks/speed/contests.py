"""The races of `benchmarks.speed`: what every able contestant trains, and what is claimed of it."""

from dataclasses import dataclass, replace

import pandas as pd

from benchmarks import page
from benchmarks.record import Record
from benchmarks.speed.contestants import CONTESTANTS, KERAS, SKAE, race

LOSS_TOLERANCE = 1.05


@dataclass(frozen=True)
class Task:
    """A network, what it is trained on, and how; with rates, a grid search over them by 5 folds."""

    data: str
    rows: int
    batch_size: int
    epochs: int
    kind: str = "dense"
    units: tuple[int, ...] = (32,)
    code: int = 2
    activation: str = "relu"
    code_activation: str = "relu"
    loss: str = "mse"
    learning_rate: float = 1e-3
    rates: tuple[float, ...] = ()

    @property
    def output_activation(self):
        return {"mse": "linear", "bce": "sigmoid"}[self.loss]

    @property
    def quick(self):
        return replace(self, rows=min(self.rows, 2000), epochs=1, rates=self.rates[:2])

    @property
    def warm_up(self):
        units = tuple(max(2, size // 4) for size in self.units)
        return replace(self, units=units, rows=4 * self.batch_size, epochs=1, rates=())


@dataclass(frozen=True)
class Race:
    """What every able contestant trains, and how many times skae's seconds Keras takes at least."""

    title: str
    task: Task
    keras_times_skae: float


SMALL_BATCH = Task(data="mnist", rows=60_000, batch_size=32, epochs=5)
LARGE_BATCH = replace(SMALL_BATCH, batch_size=256, epochs=10)
CONVOLUTIONS = Task(
    data="fashion_mnist",
    rows=15_000,
    batch_size=256,
    epochs=2,
    kind="conv",
    units=(32, 16, 16),
    loss="bce",
)
SEARCH = Task(
    data="digits",
    rows=1797,
    batch_size=32,  # what batch_size="auto" gives for four fifths of the rows
    epochs=30,
    units=(256, 128),
    activation="silu",
    code_activation="linear",
    rates=(3e-4, 1e-3, 2e-3, 3e-3, 1e-2),
)


def _dense_race(task, keras_times_skae):
    training = f"{task.loss}, batch {task.batch_size}, {task.epochs} epochs, whole fit"
    return Race(f"MNIST, 784-32-2-32-784, {training}", task, keras_times_skae)


RACES = {
    "dense32-mse": _dense_race(SMALL_BATCH, 3.0),
    "dense32-bce": _dense_race(replace(SMALL_BATCH, loss="bce"), 3.0),
    "dense256-mse": _dense_race(LARGE_BATCH, 2.0),
    "dense256-bce": _dense_race(replace(LARGE_BATCH, loss="bce"), 2.0),
    "conv": Race(
        "Fashion-MNIST, convolutions 32-16-16 with batch norm, 15 000 rows, 2 epochs",
        CONVOLUTIONS,
        keras_times_skae=1.0,
    ),
    "search": Race(
        "Digits, grid search over 5 learning rates × 5 folds, 30 epochs each",
        SEARCH,
        keras_times_skae=5.0,
    ),
}


def measure(name, run, quick, rounds, seed):
    """Let all take turns, after a tiny training of another architecture; return the record."""
    task = RACES[name].task.quick if quick else RACES[name].task
    runs = []
    for turn in range(-1, rounds):
        trained = task.warm_up if turn < 0 else task
        for one in CONTESTANTS:
            if one.takes_part(quick) and one.can(task):
                key, process = f"{name}-{one.name}-{turn}", (one.name, one.environment)
                measured = run(key, process, race, one, trained, seed + max(turn, 0))
                runs.append({"contestant": one.name, "round": turn, **measured})
    return describe(name, pd.DataFrame([one for one in runs if one["round"] >= 0]))


def describe(name, runs):
    """Return the record of a race: medians of seconds, losses, and claims."""
    grouped = runs.groupby("contestant", sort=False)
    results = grouped["seconds"].agg(["median", "min", "max"])
    # A code of two ReLUs loses one of them from some starts, whoever trains it, so that the best
    # loss says more of how far a contestant trains than the median.
    results = results.join(grouped["loss"].agg(loss="median", best_loss="min"))
    results["times_skae"] = results["median"] / results.loc[SKAE.name, "median"]
    times, best, factor = results["times_skae"], results["best_loss"], RACES[name].keras_times_skae
    claims = {
        f"{KERAS.name} takes at least {factor:g} times as long as skae.": (
            times[KERAS.name] >= factor
        ),
        "skae's final loss, the best of the rounds, is at most 5 % above that by hand.": (
            best[SKAE.name] <= LOSS_TOLERANCE * best[KERAS.name]
        ),
    }
    table = results.reset_index()
    picture = page.chart(table[::-1], "barh", "contestant", "median")
    return Record(
        name=f"speed/{name}",
        title=RACES[name].title,
        answer=f"Keras by hand takes {times[KERAS.name]:.1f} times as long as skae.",
        figures=times.to_dict(),
        tables={"race": table, "runs": runs},
        claims=claims,
        settings={
            "Processes": "one for each contestant, warmed up by a tiny training of another "
            "architecture; rounds in turns; compiled programs forgotten before every fit",
            "Losses": "computed after the clock stopped, from reconstructions, in the same way",
        },
        pictures={"Median seconds; shorter is faster": picture},
    )
