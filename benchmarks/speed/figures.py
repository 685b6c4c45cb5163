"""Figures of the report of `benchmarks.speed`, in the style of `benchmarks.figures`."""

from matplotlib import rc_context
from matplotlib.figure import Figure

from benchmarks.figures import INK, STYLE

SKAE_COLOR, OTHER_COLOR = "#3f90da", "#94a4a2"
COLORS = {
    "Keras on TensorFlow": "#e76300",
    "Keras on JAX": "#ffa90e",
    "MLPRegressor": "#94a4a2",
    "PyTorch": "#bd1f01",
    "PyOD AutoEncoder": "#832db6",
    "skae": SKAE_COLOR,
    "skae on JAX": "#92dadd",
}


@rc_context(STYLE)
def race_bars(results, title):
    """Draw the seconds of every contestant as bars, with their ratio to those of skae.

    Parameters
    ----------
    results : DataFrame
        Columns "contestant", "median", "min", "max" and "ratio", one contest.
    title : str
        Title of the figure.

    Returns
    -------
    Figure
    """
    results = results.sort_values("median", ascending=False)
    figure = Figure((4.6, 0.9 + 0.36 * len(results)), layout="constrained")
    axes = figure.subplots()
    below, above = results["median"] - results["min"], results["max"] - results["median"]
    axes.barh(
        results["contestant"],
        results["median"],
        color=[COLORS[name] for name in results["contestant"]],
        xerr=[below, above],
        error_kw={"ecolor": INK, "lw": 1},
    )
    for position, (longest, ratio) in enumerate(zip(results["max"], results["ratio"], strict=True)):
        axes.annotate(
            f"{ratio:.1f}×",
            (longest, position),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
        )
    axes.margins(x=0.18)
    axes.set(title=title, xlabel="seconds")
    axes.tick_params(axis="y", length=0)
    return figure


@rc_context(STYLE)
def epoch_costs(costs, varied, label, gflops):
    """Draw the time of an epoch per row against one size, above the arithmetic floor.

    Parameters
    ----------
    costs : DataFrame
        Columns "rows", "seconds", "gflop" and `varied`.
    varied : str
        The size.
    label : str
        Its name.
    gflops : float
        Measured rate of matrix products.

    Returns
    -------
    Figure
    """
    figure = Figure((4.6, 3.2), layout="constrained")
    axes = figure.subplots()
    per_row = 1e6 / costs["rows"]
    floor = costs["gflop"] / gflops * per_row
    axes.plot(costs[varied], costs["seconds"] * per_row, "o-", color=SKAE_COLOR, label="skae")
    axes.plot(costs[varied], floor, "--", color=INK, lw=1.2, label="arithmetic floor")
    axes.set(xscale="log", yscale="log", xlabel=label, title="µs per row and epoch")
    axes.grid(axis="y")
    axes.legend()
    return figure


@rc_context(STYLE)
def quality_curves(curves, target):
    """Draw test loss against training time, one line a training run.

    Parameters
    ----------
    curves : DataFrame
        Columns "contestant", "round", "seconds" and "loss".
    target : float
        Loss that was to be reached.

    Returns
    -------
    Figure
    """
    figure = Figure((4.6, 3.4), layout="constrained")
    axes = figure.subplots()
    for (contestant, turn), curve in curves.groupby(["contestant", "round"], sort=False):
        axes.plot(
            curve["seconds"],
            curve["loss"],
            color=COLORS[contestant],
            marker="o" if len(curve) < 10 else "none",
            lw=1.5,
            label=contestant if turn == 0 else None,
        )
    axes.axhline(target, color=INK, lw=1, ls="--", label=f"target, {target:g}")
    axes.set(xscale="log", xlabel="seconds of training", title="Test loss")
    axes.grid(axis="y")
    axes.legend()
    return figure


@rc_context(STYLE)
def memory_growth(growth):
    """Draw what the process holds against the number of fits.

    Parameters
    ----------
    growth : DataFrame
        Columns "fits" and "resident_mb".

    Returns
    -------
    Figure
    """
    figure = Figure((4.6, 3.0), layout="constrained")
    axes = figure.subplots()
    axes.plot(
        growth["fits"], growth["resident_mb"] - growth["resident_mb"][0], "o-", color=SKAE_COLOR
    )
    axes.set(xlabel="fits", title="MB more than before the first")
    axes.grid(axis="y")
    return figure


@rc_context(STYLE)
def peak_lifts(peaks):
    """Draw by how much a fit lifts the peak memory against the size of its data.

    Parameters
    ----------
    peaks : DataFrame
        Columns "dtype", "float32_mb" and "lift_mb".

    Returns
    -------
    Figure
    """
    figure = Figure((4.6, 3.0), layout="constrained")
    axes = figure.subplots()
    colors = {"float32": SKAE_COLOR, "float64": OTHER_COLOR}
    for dtype, lifts in peaks.groupby("dtype", sort=False):
        axes.plot(
            lifts["float32_mb"], lifts["lift_mb"], "o-", color=colors[dtype], label=f"{dtype} data"
        )
    axes.axline((0, 0), slope=1, color=INK, lw=1.2, ls="--", label="the data once in float32")
    axes.set(xlabel="data in float32, MB", title="MB that a fit adds at its peak", xlim=0, ylim=0)
    axes.grid(axis="y")
    axes.legend()
    return figure
