"""Activations of every layer for a few samples."""

from collections.abc import Sequence
from math import prod
from typing import Any, Self

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from skae.display._axes import fit_labels, make_room, single_axes
from skae.display._pictures import PictureRow, as_picture, draw_rows, size_of_rows
from skae.display._rows import (
    RowKind,
    check_same_length,
    choose_rows,
    into_last_step,
    kind_of,
    last_step,
    names_of_rows,
    names_or_numbers,
    require,
    rows_at,
)


class LayerActivationsDisplay:
    r"""Activations of all layers of an autoencoder, drawn as images.

    Each layer is a line of images, from the encoder's first to the decoder's last; each sample is a
    column. Vectors are wrapped into lines, the channels of a feature map are drawn side by side,
    and a sequence is an image of steps by units. Each layer has its own color scale.

    Parameters
    ----------
    activations : dict of str to array-like of shape (n_samples, \*layer_shape)
        Outputs of the layers by their names.
    sample_names : sequence of str, default=None
        A name for each sample.
    originals : array-like of shape (n_samples, \*row_shape), default=None
        The samples, drawn first.
    image_shape : tuple of int, default=None
        Shape of an image, for originals and outputs that are flat.

    Attributes
    ----------
    figure_ : Figure
    ax_ : Axes
    images_ : ndarray of AxesImage, of shape (n_layers, n_samples)
        With ``originals`` there is one more line, the first.

    See Also
    --------
    EncodedStateDisplay : Codes only.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from sklearn.datasets import load_digits
    >>> from skae import DenseAutoencoder
    >>> from skae.display import LayerActivationsDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> autoencoder = DenseAutoencoder(4, hidden_layer_sizes=(32,), epochs=1, random_state=0).fit(X)
    >>> display = LayerActivationsDisplay.from_estimator(
    ...     autoencoder, X, samples=[0, 1], layers=["code", "decoder/restoration"]
    ... )
    >>> display.frame()["size"].to_dict()
    {'encoder/code': 4, 'decoder/restoration': 64}
    >>> plt.close(display.figure_)
    """

    def __init__(
        self,
        activations: dict[str, Any],
        *,
        sample_names: ArrayLike | None = None,
        originals: ArrayLike | None = None,
        image_shape: tuple[int, ...] | None = None,
    ):
        self.activations = activations
        self.sample_names = sample_names
        self.originals = originals
        self.image_shape = image_shape

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        samples: int | Sequence[int] = 5,
        layers: list[str] | None = None,
        image_shape: tuple[int, ...] | None = None,
        random_state=None,
        ax: Axes | None = None,
    ) -> Self:
        r"""Compute and draw the activations of all layers for a few samples.

        Parameters
        ----------
        estimator : estimator
            Fitted autoencoder of skae; its networks may be functional, Sequential or nested.
        X : array-like of shape (n_samples, n_features) or (n_samples, \*row_shape)
        y : array-like of shape (n_samples,), default=None
            Classes: samples are then drawn from every class, and labeled with it.
        samples : int or sequence of int, default=5
            Number of samples to draw at random, or their indices.
        layers : sequence of str, default=None
            Names of layers to draw: ``"code"``, or with the enclosing models ``"encoder/code"``.
            The name of a model draws all of its layers. None draws all layers.
        image_shape : tuple of int, default=None
            Shape of an image, for flat samples; None uses the estimator's, if it has one.
        random_state : int, RandomState instance or None, default=None
            Draws the samples.
        ax : Axes, default=None
            Axes to draw on. None makes a new figure.

        Returns
        -------
        display : LayerActivationsDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If the estimator is not an autoencoder, or ``ax`` is not Matplotlib axes.
        ValueError
            If a layer does not exist, or X, y or a shape is invalid.
        """
        from skae.model._layer_outputs import activations

        autoencoder = last_step(estimator)
        require(autoencoder, cls, "encoder_", "decoder_")
        chosen = choose_rows(X, y, samples, random_state)
        _, rows = into_last_step(estimator, rows_at(X, chosen))
        originals = np.asarray(rows)
        kind = kind_of(autoencoder, originals, image_shape)
        display = cls(
            _chosen_layers(activations(autoencoder, originals), layers),
            sample_names=names_of_rows(chosen, y),
            originals=originals if kind.name == "image" else None,
            image_shape=kind.image_shape,
        )
        return display.plot(ax)

    def plot(
        self, ax: Axes | None = None, *, cmap: str = "viridis", image_cmap: str = "gray"
    ) -> Self:
        """Draw one line of images per layer.

        Parameters
        ----------
        ax : Axes, default=None
            Axes to draw on. None makes a new figure.
        cmap : str, default="viridis"
            Colormap of the activations.
        image_cmap : str, default="gray"
            Colormap of the samples, and of outputs of the same shape, if they are images.

        Returns
        -------
        self : object

        Raises
        ------
        TypeError
            If ``ax`` is not Matplotlib axes.
        ValueError
            If the data of the display do not fit together.
        """
        lines = self._lines(cmap, image_cmap)
        self.ax_ = single_axes(ax, size_of_rows(lines, 1.1))
        self.figure_ = self.ax_.figure
        self.images_ = draw_rows(self.ax_, lines, self._names(len(lines[0].pictures)))
        if ax is not None:
            fit_labels(self.ax_)
            make_room(self.ax_)
            fit_labels(self.ax_)  # there is less of it now
        return self

    def frame(self) -> pd.DataFrame:
        """Return statistics of each layer over the samples shown.

        Returns
        -------
        frame : DataFrame
            Indexed by layer: its shape and size, the mean and standard deviation of its
            activations, and the fraction of them that is exactly zero.
        """
        return pd.DataFrame(
            {
                "shape": values.shape[1:],
                "size": values[0].size,
                "mean": float(values.mean()),
                "std": float(values.std()),
                "zeros": float((values == 0).mean()),
            }
            for values in self._arrays().values()
        ).set_axis(pd.Index(list(self.activations), name="layer"))

    def _arrays(self):
        arrays = {
            name: np.asarray(values, dtype=float) for name, values in self.activations.items()
        }
        if not arrays:
            raise ValueError("Expected the activations of at least one layer, got none.")
        check_same_length(**arrays)
        return arrays

    def _lines(self, cmap, image_cmap):
        lines = []
        if self.originals is not None:
            originals = np.asarray(self.originals, dtype=float)
            shape = RowKind.of(originals.shape[1:], self.image_shape).shape
            lines.append(PictureRow.of_images("original", originals, shape, image_cmap))
        return lines + [
            self._line(name, values, cmap, image_cmap) for name, values in self._arrays().items()
        ]

    def _line(self, name, values, cmap, image_cmap):
        """Return the pictures of one layer; a vector as long as an image is one."""
        shape = values.shape[1:]
        title = f"{name} ({' × '.join(map(str, shape))})"
        if self.image_shape is not None and prod(shape) == prod(self.image_shape):
            return PictureRow.of_images(title, values, tuple(self.image_shape), image_cmap)
        return PictureRow.of(title, [as_picture(row, shape) for row in values], cmap)

    def _names(self, n_samples):
        return names_or_numbers(self.sample_names, n_samples, "row ")


def _chosen_layers(activations, layers):
    """Return the layers of these names, or in models of these names."""
    if layers is None:
        return activations
    chosen: dict[str, np.ndarray] = {}
    for wanted in layers:
        found = {
            name: values for name, values in activations.items() if f"/{wanted}/" in f"/{name}/"
        }
        if not found:
            raise ValueError(f"Expected layers out of {list(activations)}, got {wanted!r}.")
        chosen |= found
    return chosen
