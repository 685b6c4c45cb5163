"""Figures of the reports: each takes numbers and returns a `matplotlib.figure.Figure`.

Ink is drawn in one placeholder colour, which the page replaces by the colour of its text, so that
one figure serves light, dark and print.
"""

from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from skae.display import LatentSpaceDisplay, ReconstructionDisplay, TrainingHistoryDisplay

INK = "#010203"
CLASS_COLORS = (
    "#3f90da",
    "#ffa90e",
    "#bd1f01",
    "#94a4a2",
    "#832db6",
    "#a96b59",
    "#e76300",
    "#b9ac70",
    "#717581",
    "#92dadd",
)
METHOD_COLORS = {
    "autoencoder": "#3f90da",
    "PCA": "#e76300",
    "kernel PCA": "#94a4a2",
    "all features": INK,
}
METHOD_MARKERS = {"PCA": "s", "kernel PCA": "^", "autoencoder": "o"}
METHOD_WIDTHS = {"PCA": 3, "kernel PCA": 2, "autoencoder": 2}  # equal lines stay apart
STYLE = {
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.facecolor": "none",
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": INK,
    "grid.alpha": 0.15,
    "legend.frameon": False,
    "lines.linewidth": 2,
}


@rc_context(STYLE)
def latent_scatter(codes, y, target_names, title):
    """Draw two-dimensional codes, coloured by class, each class named at its median.

    Parameters
    ----------
    codes : ndarray of shape (n_samples, 2)
        The codes.
    y : ndarray of shape (n_samples,)
        Class indices, or a continuous target where `target_names` is None.
    target_names : tuple of str or None
        Class names.
    title : str
        Title of the figure.

    Returns
    -------
    Figure
    """
    figure, axes = _single(4.6, 4.2)
    LatentSpaceDisplay(codes, y=y, target_names=target_names).plot(axes)
    axes.set_title(title)
    return figure


@rc_context(STYLE)
def reconstructions(dataset, originals, reconstructed, names, title):
    """Draw held-out rows beside what each method gives back of them.

    Parameters
    ----------
    dataset : Dataset
        Says whether rows are images, series or table rows.
    originals : ndarray of shape (n_rows, n_features)
        The rows.
    reconstructed : dict of str to ndarray of shape (n_rows, n_features)
        Reconstructions by method.
    names : list of str
        Name of each row.
    title : str
        Title of the figure.

    Returns
    -------
    Figure
    """
    display = ReconstructionDisplay(
        originals,
        reconstructed,
        image_shape=dataset.image_shape,
        sequence_shape=dataset.sequence_shape,
        sample_names=names,
        feature_names=dataset.feature_names,
        feature_scale=dataset.X.std(axis=0),
    )
    height = 1.7 * len(originals)
    if dataset.image_shape is not None:
        lines = 1 + len(reconstructed)
        height = 4 * lines / len(originals) * dataset.image_shape[0] / dataset.image_shape[1]
    figure, axes = _single(4.6, 0.9 + height)
    display.plot(axes, cmap="gray_r")
    figure.suptitle(title, fontsize=10, fontweight="bold")
    return figure


@rc_context(STYLE)
def against_components(results, measure, label):
    """Draw one measure against the number of components, one line a method.

    Parameters
    ----------
    results : DataFrame
        Columns "method", "components" and `measure`.
    measure : str
        Column to draw.
    label : str
        Name of the measure.

    Returns
    -------
    Figure
    """
    figure, axes = _single(4.6, 3.4)
    for method, rows in results.dropna(subset=measure).groupby("method", sort=False):
        color = METHOD_COLORS[method]
        if method not in METHOD_MARKERS:
            axes.axhline(rows[measure].iloc[0], color=color, lw=1.2, ls="--", label=method)
            continue
        axes.plot(
            rows["components"],
            rows[measure],
            color=color,
            marker=METHOD_MARKERS[method],
            lw=METHOD_WIDTHS[method],
            ms=2.6 * METHOD_WIDTHS[method],
            label=method,
        )
    ticks = sorted(results.loc[results["method"] == "PCA", "components"].unique())
    axes.set_xscale("log", base=2)
    axes.xaxis.set(major_locator=FixedLocator(ticks), minor_locator=NullLocator())
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.set(xlabel="components", title=label)
    axes.grid(axis="y")
    axes.legend()
    return figure


@rc_context(STYLE)
def training_history(history, best_epoch, title):
    """Draw training and validation loss over the epochs, and mark the epoch that was kept.

    Parameters
    ----------
    history : dict of str to list
        "loss", and "val_loss" where rows were held out for validation.
    best_epoch : int
        Epoch whose weights were kept; 0 is the start.
    title : str
        Title of the figure.

    Returns
    -------
    Figure
    """
    figure, axes = _single(4.6, 3.0)
    TrainingHistoryDisplay(history, best_epoch=best_epoch).plot(axes)
    axes.set_title(title)
    axes.grid(axis="y")
    return figure


def _single(width, height):
    figure = Figure((width, height), layout="constrained")
    return figure, figure.subplots()
