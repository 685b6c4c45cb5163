"""Loss over the epochs."""

from typing import Self

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, MaxNLocator

from skae.display._axes import single_axes
from skae.display._classes import GREY, class_colors
from skae.display._rows import last_step, require

_WIDE = 5.0  # ratio of largest to least loss from which the axis is logarithmic


class TrainingHistoryDisplay:
    """Training and validation loss over the epochs, and the epoch of the restored weights.

    Each term of the loss has a color: dashed for training data, solid for validation data.

    Parameters
    ----------
    history : dict of str to sequence of float
        One value per epoch: ``"loss"``, other terms whose names end in it, and the same with the
        prefix ``"val_"``. Other names are not drawn.
    best_epoch : int, default=None
        Epoch of the restored weights; 0 means the initial ones.

    Attributes
    ----------
    figure_ : Figure
    ax_ : Axes
    lines_ : dict of str to Line2D
        The curves, by their names in the history.
    best_line_ : Line2D or None

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from skae.display import TrainingHistoryDisplay
    >>> history = {"loss": [0.3, 0.2, 0.1], "val_loss": [0.4, 0.2, 0.3]}
    >>> display = TrainingHistoryDisplay(history, best_epoch=2).plot()
    >>> sorted(display.lines_)
    ['loss', 'val_loss']
    >>> plt.close(display.figure_)
    """

    def __init__(self, history: dict[str, list[float]], *, best_epoch: int | None = None):
        self.history = history
        self.best_epoch = best_epoch

    @classmethod
    def from_estimator(cls, estimator, *, ax: Axes | None = None) -> Self:
        """Draw the training history of an autoencoder.

        Parameters
        ----------
        estimator : estimator
            Fitted autoencoder, or a Pipeline that ends in one.
        ax : Axes, default=None
            Axes to draw on. None makes a new figure.

        Returns
        -------
        display : TrainingHistoryDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If the estimator is not an autoencoder, or ``ax`` is not Matplotlib axes.
        """
        autoencoder = last_step(estimator)
        require(autoencoder, cls, "history_")
        return cls(autoencoder.history_, best_epoch=autoencoder.best_epoch_).plot(ax)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw the losses.

        Parameters
        ----------
        ax : Axes, default=None
            Axes to draw on. None makes a new figure.

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
        losses = self._losses()
        self.ax_ = single_axes(ax, (5.6, 3.8))
        self.figure_ = self.ax_.figure
        terms = self._terms(losses)
        colors = dict(zip(terms, class_colors(len(terms)), strict=True))
        self.lines_ = {
            name: self._draw(name, losses[name].to_numpy(), colors[name.removeprefix("val_")])
            for name in losses
        }
        self.best_line_ = self._mark_best()
        self._label(losses.to_numpy())
        return self

    def frame(self) -> pd.DataFrame:
        """Return the history, one row per epoch, counted from 1.

        Returns
        -------
        frame : DataFrame of shape (n_epochs, n_names)
        """
        frame = pd.DataFrame(self.history)
        return frame.set_axis(pd.RangeIndex(1, len(frame) + 1, name="epoch"))

    def _losses(self):
        frame = self.frame()
        losses = frame[[name for name in frame if str(name).endswith("loss")]].astype(float)
        if losses.empty:
            raise ValueError(
                "Expected a history with at least one epoch of 'loss', got the names "
                f"{list(frame)} and {len(frame)} epochs."
            )
        return losses

    @staticmethod
    def _terms(losses):
        """Return the names of the terms, those of training rows first."""
        return list(dict.fromkeys(name.removeprefix("val_") for name in losses))

    def _draw(self, name, values, color):
        term = name.removeprefix("val_").replace("_", " ")
        label = f"{term}, {'held-out' if name.startswith('val_') else 'training'}"
        style = "-" if name.startswith("val_") else "--"
        marker = "o" if len(values) == 1 else ""
        epochs = np.arange(1, len(values) + 1)
        return self.ax_.plot(epochs, values, style, marker=marker, color=color, label=label)[0]

    def _mark_best(self):
        if self.best_epoch is None:
            return None
        label = f"kept: epoch {self.best_epoch}" if self.best_epoch else "kept: the start"
        return self.ax_.axvline(self.best_epoch, color=GREY, ls=":", label=label)

    def _label(self, values):
        finite = values[np.isfinite(values)]
        if finite.size and finite.min() > 0 and finite.max() > _WIDE * finite.min():
            self.ax_.set_yscale("log", subs=[])
            self.ax_.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            self.ax_.yaxis.set_major_formatter("{x:g}")
        self.ax_.xaxis.set_major_locator(MaxNLocator(integer=True))
        self.ax_.set(xlabel="epoch", ylabel="loss")
        self.ax_.legend(frameon=False, fontsize="small")
