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


def pictures(measured, seed):
    """Return the figures of one article.

    Parameters
    ----------
    measured : articles_study.Measured
        The article, its data and its fits.
    seed : int
        Seed of the choice of rows.

    Returns
    -------
    tuple of (str, Figure)
        Descriptions and figures.
    """
    drawn = []
    article = measured.article
    for name in article.pictures:
        with rc_context(STYLE):
            for label, display in DRAWN[name](measured, seed):
                plt.close(display.figure_)
                drawn.append((f"{article.id}: {label}", display.figure_))
    return tuple(drawn)


def _history(measured, seed):
    """Draw the training loss, and the loss on test rows where both have one unit."""
    fit, article = measured.result.published, measured.article
    display = TrainingHistoryDisplay.from_estimator(fit.estimator)
    if article.loss == "bce" and not article.noise:
        epochs, losses, _ = zip(*fit.curve, strict=True)
        display.ax_.plot(epochs, losses, "o", ms=4, label="test rows")
        display.ax_.legend(frameon=False)
    display.ax_.set_title("Training")
    return [("loss over the epochs", display)]


def _latent(measured, seed):
    """Draw the codes of the training rows, coloured by class."""
    shown = f"codes of {len(measured.rows.train)} training rows"
    return [
        (f"{shown}, {title}", _scatter(measured.rows, estimator, title))
        for title, estimator in _estimators(measured)
    ]


def _scatter(rows, estimator, title):
    display = LatentSpaceDisplay.from_estimator(
        estimator, rows.train, rows.y_train, target_names=rows.names, max_points=None
    )
    for points in display.ax_.collections:
        points.set_rasterized(True)
    display.ax_.set_title(title)
    return display


def _manifold(measured, seed):
    """Draw images decoded from a grid over the plane of codes."""
    rows, drawn = measured.rows, []
    for title, estimator in _estimators(measured):
        display = LatentManifoldDisplay.from_estimator(
            estimator, rows.test, n=GRID, image_shape=rows.image_shape, random_state=seed
        )
        display.ax_.set_title(title)
        drawn.append((f"images decoded from {GRID}×{GRID} codes, {title}", display))
    return drawn


def _reconstruction(measured, seed):
    """Draw test rows, their codes where these are images, and what both fits give back."""
    rows, estimator = measured.rows, measured.result.published.estimator
    chosen = _some_of_all_classes(rows, seed)
    is_map = len(estimator.code_shape_) > 1
    display = ReconstructionDisplay(
        rows.test[chosen],
        _restored(measured, chosen),
        codes=estimator.transform(rows.test[chosen]) if is_map else None,
        code_shape=estimator.code_shape_,
        **_shapes(rows),
        sample_names=[rows.names[label] for label in rows.y_test[chosen]],
    ).plot()
    return [("test rows and their reconstructions", display)]


def _denoised(measured, seed):
    """Draw test rows, the same with noise, and what both fits make of the noisy ones."""
    rows = measured.rows
    chosen = _some_of_all_classes(rows, seed)
    display = ReconstructionDisplay(
        rows.test[chosen],
        {"noisy": rows.fed[chosen], **_restored(measured, chosen)},
        image_shape=rows.image_shape,
        sample_names=[rows.names[label] for label in rows.y_test[chosen]],
    ).plot()
    return [("test rows, with noise, and without it again", display)]


def _encoded(measured, seed):
    """Draw the code as an image, a pixel a unit."""
    rows = measured.rows
    display = EncodedStateDisplay.from_estimator(
        measured.result.published.estimator,
        rows.test,
        samples=_some_of_all_classes(rows, seed),
        image_shape=rows.image_shape,
    )
    return [("test rows and their encoded state", display)]


def _layers(measured, seed):
    """Draw what every layer gives."""
    rows = measured.rows
    display = LayerActivationsDisplay.from_estimator(
        measured.result.published.estimator,
        rows.test,
        samples=_some_of_all_classes(rows, seed)[:5],
        image_shape=rows.image_shape,
    )
    return [("activations of all layers", display)]


def _samples(measured, seed):
    """Draw images that the variational autoencoders generate."""
    generated = {title: fit.sample(SHOWN, seed) for title, fit in _estimators(measured)}
    display = EncodedStateDisplay(
        generated[OWN],
        code_shape=measured.rows.image_shape,
        originals=generated[PUBLISHED],
        image_shape=measured.rows.image_shape,
        sample_names=[""] * SHOWN,
    ).plot()
    display.ax_.set_yticklabels([PUBLISHED, OWN])
    for image in display.images_.ravel():
        image.set(cmap="gray", clim=(0, 1))
    return [("images generated from codes drawn from the prior", display)]


def _restored(measured, chosen):
    """Return the reconstructions of some test rows as they are fed, by both fits."""
    fed = measured.rows.fed[chosen]
    return {title: estimator.reconstruct(fed) for title, estimator in _estimators(measured)}


def _estimators(measured):
    return [(PUBLISHED, measured.result.published.estimator), (OWN, measured.own.estimator)]


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
