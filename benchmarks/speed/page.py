"""What the report of `benchmarks.speed` shows: its words, tables and pictures."""

from benchmarks.report import Column, Fact, Picture, Report, Table
from benchmarks.speed import figures
from benchmarks.speed.claims import flatness, slope_and_intercept
from benchmarks.speed.contestants import Skae
from benchmarks.speed.contests import KERAS, QUALITY, RACES

RAW = {"races": "race_runs", "quality": "quality_curves", "growth": "memory_growth"}
PANELS = {"rows": "rows", "features": "features", "batch_size": "rows a batch"}
RACE_COLUMNS = (
    Column("contest", "Contest"),
    Column("contestant", "Contestant"),
    Column("median", "Seconds", "{:.2f}", "median over the rounds, compilation included", "low"),
    Column("min", "Least", "{:.2f}"),
    Column("max", "Most", "{:.2f}"),
    Column("ratio", "× skae", "{:.2f}", "seconds as a multiple of those of skae"),
    Column("loss", "Loss", "{:.4f}", "reached, computed alike for all, in the units of the data"),
    Column("best_loss", "Best loss", "{:.4f}", "of the rounds; some starts lose a ReLU code"),
)


def describe(study, *, claims, command, seed, wall_time_s):
    """Put a study into words, tables and pictures.

    Parameters
    ----------
    study : speed.Study
        What was measured.
    claims : tuple of Claim
        What the study was held against.
    command : str
        The command line.
    seed : int
        First seed.
    wall_time_s : float
        Seconds that the study took.

    Returns
    -------
    Report
    """
    blocks_of = {
        "races": _races,
        "quality": _quality,
        "transform": _transform,
        "scaling": _scaling,
        "growth": _memory,
        "threads": _threads,
    }
    blocks = [
        block for frame, told in blocks_of.items() if frame in study.frames for block in told(study)
    ]
    return Report(
        benchmark="speed",
        title="How fast skae trains",
        question="How long does the same training take in skae, and how long elsewhere?",
        answer=_answer(study),
        command=command,
        seed=seed,
        wall_time_s=wall_time_s,
        settings=_settings(study),
        facts=tuple(_facts(study)),
        claims=claims,
        blocks=tuple(blocks),
        raw={RAW[name]: frame for name, frame in study.frames.items() if name in RAW},
    )


def _answer(study):
    warning = "A quick run: its times are mostly compilation, so it claims nothing. "
    told = warning if study.quick else ""
    if "races" not in study.frames:
        return f"{told}Of skae alone: {', '.join(study.contests)}."
    ratios = study.results.query("contestant == @KERAS")["ratio"]
    return (
        f"{told}The same training takes Keras by hand {ratios.min():.1f} to {ratios.max():.1f} "
        "times as long as skae, tracing and compilation included, with the loss beside each."
    )


def _facts(study):
    if "races" in study.frames:
        for name, results in study.results.groupby("contest", sort=False):
            results = results.set_index("contestant")
            skae, keras = results.loc[Skae.name, "median"], results.loc[KERAS]
            yield Fact(name, f"{keras['ratio']:.1f}×", f"{keras['median']:.1f} s by {skae:.1f} s")
    if "quality" in study.frames:
        ours, theirs = _quality_pair(study)
        ratio = theirs["seconds"] / ours["seconds"]
        yield Fact(
            f"to test bce {study.sizes.quality_target:g}",
            f"{ratio:.0f}×",
            f"{theirs['seconds']:.0f} s by {ours['seconds']:.1f} s",
        )


def _settings(study):
    told = dict(study.entrants)
    for name, excuse in study.absent.items():
        told[name] = f"did not take part: {excuse}"
    told["Processes"] = (
        "one for each contestant, warmed up by a tiny training of another architecture; rounds in "
        "turns; skae's compiled programs forgotten before every fit"
    )
    told["Losses"] = "computed after the clock stopped, from reconstructions, in the same way"
    if "gflops" in study.frames:
        told["Matrix products"] = f"{_gflops(study):.0f} GFLOP/s, the rate of the arithmetic floor"
    return told


def _races(study):
    yield Table(
        key="races",
        title="The same training everywhere",
        caption="Everyone trains the same network on the same rows with the same batches and "
        "epochs. A contestant that lacks a loss or an activation is left out.",
        frame=study.results[[column.key for column in RACE_COLUMNS]],
        columns=RACE_COLUMNS,
        best_within="contest",
    )
    yield Picture(
        key="bars",
        title="Seconds, and multiples of skae's",
        caption="Medians over the rounds; the thin line reaches from the fastest to the slowest "
        "round. Shorter is faster. "
        + " ".join(f"{name}: {RACES[name].title}." for name in study.results["contest"].unique()),
        panels=tuple(
            (f"Bars: {RACES[name].title}", figures.race_bars(results, name))
            for name, results in study.results.groupby("contest", sort=False)
        ),
    )


def _quality(study):
    target = study.sizes.quality_target
    frame = study.quality.assign(settings=[_told(task) for _, task in QUALITY])
    yield Table(
        key="quality",
        title="Time to quality",
        caption=f"Training on Fashion-MNIST with 32 numbers per code until binary cross-entropy on "
        f"test rows is at most {target:g}; the clock stands while it is evaluated. Keras has the "
        "published network and settings, skae its own. Who did not reach it in "
        f"{study.sizes.quality_epochs} epochs shows a loss above it, and a time that is too short.",
        frame=frame[["contestant", "settings", "epoch", "seconds", "loss"]],
        columns=(
            Column("contestant", "Contestant"),
            Column("settings", "Network and settings"),
            Column("epoch", "Epochs", "{:.0f}", "median over the rounds, as all that follows"),
            Column("seconds", "Seconds", "{:.1f}", "of training, tracing included"),
            Column("loss", "Test loss", "{:.4f}"),
        ),
    )
    yield Picture(
        key="quality-curves",
        title="Test loss over time",
        caption="One line a round, up to the epoch that reached the dashed line.",
        panels=(("Test loss over time", figures.quality_curves(study.frames["quality"], target)),),
    )


def _told(task):
    units = "-".join(map(str, (*task.units, task.code)))
    return (
        f"{units} {task.activation}, code {task.code_activation}, {task.optimizer} "
        f"{task.learning_rate:g}, batch {task.batch_size}"
    )


def _quality_pair(study):
    reached = study.quality.set_index("contestant")
    return (reached.loc[contestant.name] for contestant, _ in QUALITY)


def _transform(study):
    frame = study.frames["transform"]
    of_pca = frame[frame["method"] == "PCA(2)"].set_index("task")["seconds"]
    yield Table(
        key="transform",
        title="Encoding",
        caption="Medians of 20 calls, in turns. The default network does more than ten times the "
        "arithmetic of 784-32-2.",
        frame=frame.assign(
            milliseconds=1e3 * frame["seconds"], ratio=frame["seconds"] / frame["task"].map(of_pca)
        )[["task", "method", "milliseconds", "ratio"]],
        columns=(
            Column("task", "Task"),
            Column("method", "Method"),
            Column("milliseconds", "Milliseconds", "{:.3f}", best="low"),
            Column("ratio", "× PCA", "{:.1f}", "time as a multiple of that of PCA(2).transform"),
        ),
        best_within="task",
    )


def _scaling(study):
    costs = study.frames["scaling"]
    costs = costs.assign(
        us_per_row=1e6 * costs["seconds"] / costs["rows"], floor=costs["gflop"] / _gflops(study)
    )
    flat = "" if study.quick else f" From 10 000 rows on it varies {flatness(costs):.2f}-fold."
    yield Picture(
        key="scaling",
        title="What an epoch costs",
        caption="A 32-2-32 network, compilation left out. A flat line says that twice the rows "
        f"take twice the time.{flat} The floor is 6 operations per parameter and row at the "
        "measured rate of matrix products; the gap above it is memory traffic and small steps.",
        panels=tuple(
            (
                f"Microseconds per row and epoch against {label}",
                figures.epoch_costs(costs[costs["panel"] == panel], panel, label, _gflops(study)),
            )
            for panel, label in PANELS.items()
        ),
    )
    yield Table(
        key="epochs",
        title="Epochs in numbers",
        caption="The same as in the pictures.",
        frame=costs.drop(columns=["panel", "gflop"]),
        columns=(
            Column("rows", "Rows", "{:,}"),
            Column("features", "Features"),
            Column("batch_size", "Batch"),
            Column("parameters", "Parameters", "{:,}"),
            Column("seconds", "Seconds", "{:.4f}", "median epoch"),
            Column("floor", "Floor", "{:.4f}", "seconds at the rate of matrix products"),
            Column("us_per_row", "µs a row", "{:.2f}"),
        ),
    )


def _gflops(study):
    return study.frames["gflops"]["gflops"].item()


def _memory(study):
    growth, peaks = study.frames["growth"], study.frames["peaks"]
    slope, fixed = slope_and_intercept(peaks[peaks["dtype"] == "float32"])
    yield Picture(
        key="memory",
        title="Memory",
        caption=f"Left: what {growth['fits'].max()} small fits leave behind. Right: by how much "
        f"one fit lifts the peak of its process; for float32 data {slope:.2f} MB per MB, and "
        f"{fixed:.0f} MB whatever their size.",
        panels=(
            ("Memory over many fits", figures.memory_growth(growth)),
            ("Peak memory against the size of the data", figures.peak_lifts(peaks)),
        ),
    )
    yield Table(
        key="peaks",
        title="Peak of one fit",
        caption="Each in a fresh process that had fitted something small.",
        frame=peaks,
        columns=(
            Column("dtype", "Data"),
            Column("rows", "Rows", "{:,}"),
            Column("float32_mb", "Data in float32, MB", "{:.0f}"),
            Column(
                "lift_mb", "Lift, MB", "{:.0f}", "peak during the fit less what was held before"
            ),
        ),
    )


def _threads(study):
    yield Table(
        key="threads",
        title="Fits in threads",
        caption="Codes of fits at once against those of the same fits one after the other.",
        frame=study.frames["threads"],
        columns=(
            Column("seed", "Seed"),
            Column("difference", "Largest difference", "{:.3g}"),
            Column("spread", "Standard deviation", "{:.3g}", "of the codes, for comparison"),
        ),
    )
