"""The pictures that the tutorials of `benchmarks.articles` show, drawn by skae's displays."""

import numpy as np
from matplotlib import pyplot as plt
from matplotlib import rc_context

from benchmarks.figures import STYLE
from skae.display import (
    EncodedStateDisplay,
    LatentManifoldDisplay,
    LatentSpaceDisplay,
    LayerActivationsDisplay,
    ReconstructionDisplay,
    TrainingHistoryDisplay,
)

SHOWN = 8
GRID = 15
PUBLISHED, OWN = "as published", "skae's settings"


def pictures(article, rows, result, seed):
    """Return the figures of one article.

    Parameters
    ----------
    article : Article
        Names the pictures.
    rows : Rows
        Its data.
    result : Result
        Its fits.
    seed : int
        Seed of the choice of rows.

    Returns
    -------
    tuple of (str, Figure)
        Descriptions and figures.
    """
    drawn = []
    for name in article.pictures:
        with rc_context(STYLE):
            for label, display in DRAWN[name](article, rows, result, seed):
                plt.close(display.figure_)
                drawn.append((f"{article.id}: {label}", display.figure_))
    return tuple(drawn)


def _history(article, rows, result, seed):
    """Draw the training loss, and the loss on test rows where both have one unit."""
    fit = result.published
    display = TrainingHistoryDisplay.from_estimator(fit.estimator)
    if article.loss == "bce" and not article.noise:
        epochs, losses, _ = zip(*fit.curve, strict=True)
        display.ax_.plot(epochs, losses, "o", ms=4, label="test rows")
        display.ax_.legend(frameon=False)
    display.ax_.set_title("Training")
    return [("loss over the epochs", display)]


def _latent(article, rows, result, seed):
    """Draw the codes of the training rows, coloured by class."""
    return [
        (f"codes of {len(rows.train)} training rows, {title}", _scatter(rows, fit, title, seed))
        for title, fit in _fits(result)
    ]


def _scatter(rows, fit, title, seed):
    display = LatentSpaceDisplay.from_estimator(
        fit.estimator,
        rows.train,
        rows.y_train,
        target_names=rows.names,
        max_points=None,
        random_state=seed,
    )
    for points in display.ax_.collections:
        points.set_rasterized(True)
    display.ax_.set_title(title)
    return display


def _manifold(article, rows, result, seed):
    """Draw images decoded from a grid over the plane of codes."""
    drawn = []
    for title, fit in _fits(result):
        display = LatentManifoldDisplay.from_estimator(
            fit.estimator, rows.test, n=GRID, image_shape=rows.image_shape, random_state=seed
        )
        display.ax_.set_title(title)
        drawn.append((f"images decoded from {GRID}×{GRID} codes, {title}", display))
    return drawn


def _reconstruction(article, rows, result, seed):
    """Draw test rows, their codes where these are images, and what both fits give back."""
    chosen = _some_of_all_classes(rows, seed)
    estimator = result.published.estimator
    is_map = len(estimator.code_shape_) > 1
    display = ReconstructionDisplay(
        rows.test[chosen],
        {title: fit.estimator.reconstruct(rows.fed[chosen]) for title, fit in _fits(result)},
        codes=estimator.transform(rows.test[chosen]) if is_map else None,
        code_shape=estimator.code_shape_,
        **_shapes(rows),
        sample_names=[rows.names[label] for label in rows.y_test[chosen]],
    ).plot()
    return [("test rows and their reconstructions", display)]


def _denoised(article, rows, result, seed):
    """Draw test rows, the same with noise, and what both fits make of the noisy ones."""
    chosen = _some_of_all_classes(rows, seed)
    restored = {title: fit.estimator.reconstruct(rows.fed[chosen]) for title, fit in _fits(result)}
    display = ReconstructionDisplay(
        rows.test[chosen],
        {"noisy": rows.fed[chosen], **restored},
        image_shape=rows.image_shape,
        sample_names=[rows.names[label] for label in rows.y_test[chosen]],
    ).plot()
    return [("test rows, with noise, and without it again", display)]


def _encoded(article, rows, result, seed):
    """Draw the code as an image, a pixel a unit."""
    display = EncodedStateDisplay.from_estimator(
        result.published.estimator,
        rows.test,
        samples=_some_of_all_classes(rows, seed),
        image_shape=rows.image_shape,
    )
    return [("test rows and their encoded state", display)]


def _layers(article, rows, result, seed):
    """Draw what every layer gives."""
    display = LayerActivationsDisplay.from_estimator(
        result.published.estimator,
        rows.test,
        samples=_some_of_all_classes(rows, seed)[:5],
        image_shape=rows.image_shape,
    )
    return [("activations of all layers", display)]


def _samples(article, rows, result, seed):
    """Draw images that the variational autoencoders generate."""
    drawn = {title: fit.estimator.sample(SHOWN, seed) for title, fit in _fits(result)}
    first, *others = drawn
    display = EncodedStateDisplay(
        drawn[others[0]],
        code_shape=rows.image_shape,
        originals=drawn[first],
        image_shape=rows.image_shape,
        sample_names=[""] * SHOWN,
    ).plot()
    display.ax_.set_yticklabels([f"{first}", f"{others[0]}"])
    return [("images generated from codes drawn from the prior", display)]


def _fits(result):
    return [(PUBLISHED, result.published), (OWN, result.own)]


def _shapes(rows):
    if rows.image_shape is None:
        return {"sequence_shape": (rows.test.shape[1], 1)}
    return {"image_shape": rows.image_shape}


def _some_of_all_classes(rows, seed):
    """Return indices of test rows, as many as are shown, one a class for as long as there are."""
    order = np.random.default_rng(seed).permutation(len(rows.test))
    _, first = np.unique(rows.y_test[order], return_index=True)
    n_shown = SHOWN if rows.image_shape is not None else 3
    return order[first][:n_shown]


DRAWN = {
    "history": _history,
    "latent": _latent,
    "manifold": _manifold,
    "reconstruction": _reconstruction,
    "denoised": _denoised,
    "encoded": _encoded,
    "layers": _layers,
    "samples": _samples,
}
