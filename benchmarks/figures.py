"""Figures of the reports: each takes numbers and returns a `matplotlib.figure.Figure`.

Ink is drawn in one placeholder colour, which the page replaces by the colour of its text, so that
one figure serves light, dark and print.
"""

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

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
VECTOR_POINTS = 1000
RARE = 0.02  # classes with a smaller share of the points are named in the legend only


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
    rasterized = len(codes) > VECTOR_POINTS
    size = np.clip(5000 / len(codes), 4, 28)
    if target_names is None:
        points = axes.scatter(*codes.T, c=y, s=size, cmap="viridis", rasterized=rasterized)
        figure.colorbar(points, ax=axes, label="target", shrink=0.8)
    else:
        colors = np.array(CLASS_COLORS)[y % len(CLASS_COLORS)]
        axes.scatter(*codes.T, c=colors, s=size, alpha=0.8, lw=0, rasterized=rasterized)
        _name_classes(figure, axes, codes, y, target_names)
    axes.set(title=title, xlabel="code 0", ylabel="code 1")
    axes.locator_params(nbins=5)
    return figure


@rc_context(STYLE)
def reconstructed_images(originals, reconstructions, image_shape, names, title):
    """Draw images above their reconstructions, one row of images a method.

    Parameters
    ----------
    originals : ndarray of shape (n_images, n_pixels)
        Images with pixels in [0, 1].
    reconstructions : dict of str to ndarray of shape (n_images, n_pixels)
        Reconstructions by method.
    image_shape : tuple of int
        Height and width.
    names : list of str
        Name of each image.
    title : str
        Title of the figure.

    Returns
    -------
    Figure
    """
    rows = {"original": originals, **reconstructions}
    height, width = image_shape
    gap = max(1, width // 14)
    mosaic = np.full((len(rows) * (height + gap), len(originals) * (width + gap)), np.nan)
    for i, images in enumerate(rows.values()):
        for j, image in enumerate(images.reshape(-1, height, width)):
            top, left = i * (height + gap), j * (width + gap)
            mosaic[top : top + height, left : left + width] = image
    mosaic = mosaic[:-gap, :-gap]
    longest = max(map(len, names))
    text = 0.55 if longest <= 3 else 0.4 + 0.09 * longest
    figure, axes = _single(4.6, text + 3.65 * mosaic.shape[0] / mosaic.shape[1])
    axes.imshow(mosaic, cmap="gray_r", vmin=0, vmax=1, interpolation="none")
    axes.set_xticks(np.arange(len(names)) * (width + gap) + (width - 1) / 2, names)
    axes.set_yticks(np.arange(len(rows)) * (height + gap) + (height - 1) / 2, list(rows))
    axes.xaxis.set_tick_params(rotation=90 if longest > 3 else 0)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_title(title)
    return figure


@rc_context(STYLE)
def reconstructed_profiles(originals, reconstructions, feature_names, names, title):
    """Draw table rows or series as lines over their features, with their reconstructions.

    Parameters
    ----------
    originals : ndarray of shape (n_rows, n_features)
        The rows.
    reconstructions : dict of str to ndarray of shape (n_rows, n_features)
        Reconstructions by method.
    feature_names : tuple of str
        Names of the features, written where there are few.
    names : list of str
        Name of each row.
    title : str
        Title of the figure.

    Returns
    -------
    Figure
    """
    figure = Figure((4.6, 1.1 + 1.2 * len(originals)), layout="constrained")
    grid = figure.subplots(len(originals), sharex=True, squeeze=False)[:, 0]
    position = np.arange(originals.shape[1])
    few = len(position) <= 32
    for row, axes in enumerate(grid):
        axes.plot(position, originals[row], color=INK, lw=1.2, label="original", alpha=0.7)
        for method, reconstructed in reconstructions.items():
            axes.plot(
                position,
                reconstructed[row],
                color=METHOD_COLORS[method],
                marker=METHOD_MARKERS[method] if few else "none",
                ls="none" if few else "-",
                lw=0.6 * METHOD_WIDTHS[method],
                ms=2 * METHOD_WIDTHS[method],
                label=method,
            )
        axes.set_ylabel(names[row], fontsize=9)
        axes.grid(axis="y")
    if len(position) <= 16:
        labels = [name if len(name) <= 18 else f"{name[:17]}…" for name in feature_names]
        grid[-1].set_xticks(position, labels, rotation=90, fontsize=8)
    else:
        grid[-1].set_xlabel("feature")
    handles, labels = grid[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
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
    epochs = np.arange(1, len(history["loss"]) + 1)
    axes.plot(epochs, history["loss"], color=INK, lw=1.2, ls="--", label="training")
    color = METHOD_COLORS["autoencoder"]
    if "val_loss" in history:
        axes.plot(epochs, history["val_loss"], color=color, label="validation")
    kept = f"kept: epoch {best_epoch}" if best_epoch else "kept: the start"
    axes.axvline(best_epoch, color=color, lw=1.5, ls=":", label=kept)
    axes.set(title=title, xlabel="epoch", ylabel="loss", yscale="log")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    axes.yaxis.set(major_locator=MaxNLocator(5, steps=[1, 2, 5, 10]), minor_locator=NullLocator())
    axes.yaxis.set_major_formatter("{x:g}")
    axes.grid(axis="y")
    figure.legend(ncols=3, loc="outside lower center")
    return figure


def _single(width, height):
    figure = Figure((width, height), layout="constrained")
    return figure, figure.subplots()


def _name_classes(figure, axes, codes, y, names):
    """Name every common class at its median, and all of them in a legend if names are long."""
    for label in np.unique(y):
        points = codes[y == label]
        color = CLASS_COLORS[label % len(CLASS_COLORS)]
        axes.scatter([], [], s=30, color=color, label=names[label])
        if len(points) > RARE * len(codes):
            _write_tag(axes, np.median(points, axis=0), names[label], color)
    longest = max(map(len, names))
    if longest > 3:
        figure.legend(loc="outside lower center", ncols=60 // (longest + 6), fontsize=9)


def _write_tag(axes, position, name, color):
    """Write a name over points, on a tag that stays readable on any page."""
    tag = {"boxstyle": "round,pad=0.2", "facecolor": "white", "edgecolor": color, "alpha": 0.85}
    axes.annotate(name, position, ha="center", va="center", fontsize=9, color="#1b1f24", bbox=tag)
