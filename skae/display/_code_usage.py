"""How much variance each component of the code explains."""

from typing import Self

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import ArrayLike
from sklearn.decomposition import PCA

from skae._compat import num_samples
from skae.display._axes import single_axes
from skae.display._classes import BLUE, GREY, ORANGE, sample_of_rows
from skae.display._rows import into_last_step, require, rows_at

_ACTIVE = 1e-3  # share of the variance below which a component does nothing
_MOST_COMPONENTS = 64


class CodeUsageDisplay:
    """Fraction of variance that each component of the code explains, compared with PCA.

    For each component this is the fraction of variance that is lost if the component is held at its
    mean while the others keep their values. For PCA it is the explained variance ratio. For an
    autoencoder the fractions do not add up to the total, because components interact. Components
    below 0.001 count as not active.

    Parameters
    ----------
    explained_variance_ratio : array-like of shape (n_components,)
        Fraction of the variance that each component explains.
    code_variance : array-like of shape (n_components,), default=None
        Variance of each component over the samples.
    pca_explained_variance_ratio : array-like, default=None
        The same fractions of PCA with as many components.
    total : float, default=None
        Fraction of the variance that all components together reconstruct.
    pca_total : float, default=None
        The same fraction of PCA.

    Attributes
    ----------
    figure_ : Figure
    ax_ : Axes
    bars_ : BarContainer
        The components, largest first.
    pca_line_ : Line2D or None

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.decomposition import PCA
    >>> from skae.display import CodeUsageDisplay
    >>> X, _ = load_digits(return_X_y=True)
    >>> pca = PCA(4).fit(X)
    >>> display = CodeUsageDisplay.from_estimator(pca, X)
    >>> bool(abs(display.explained_variance_ratio - pca.explained_variance_ratio_).max() < 1e-6)
    True
    >>> plt.close(display.figure_)
    """

    def __init__(
        self,
        explained_variance_ratio: ArrayLike,
        *,
        code_variance: ArrayLike | None = None,
        pca_explained_variance_ratio: ArrayLike | None = None,
        total: float | None = None,
        pca_total: float | None = None,
    ):
        self.explained_variance_ratio = explained_variance_ratio
        self.code_variance = code_variance
        self.pca_explained_variance_ratio = pca_explained_variance_ratio
        self.total = total
        self.pca_total = pca_total

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X: ArrayLike,
        *,
        max_samples: int | None = 2000,
        random_state=None,
        ax: Axes | None = None,
    ) -> Self:
        r"""Hold one component after another at its mean, and plot the variance that is lost.

        Parameters
        ----------
        estimator : estimator
            Fitted, with ``transform`` and ``inverse_transform``: an autoencoder, PCA, or a
            Pipeline, whose last step is used with the input that it receives.
        X : array-like of shape (n_samples, n_features) or (n_samples, \*row_shape)
        max_samples : int or None, default=2000
            Number of samples to use, drawn at random; None uses all. They are decoded once for each
            component.
        random_state : int, RandomState instance or None, default=None
            Draws the samples.
        ax : Axes, default=None
            Axes to draw on. None makes a new figure.

        Returns
        -------
        display : CodeUsageDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If the estimator lacks one of these methods, or ``ax`` is not Matplotlib axes.
        ValueError
            If X is invalid.
        """
        require(estimator, cls, "transform", "inverse_transform")
        chosen = sample_of_rows(num_samples(X), max_samples, None, random_state)
        estimator, rows = into_last_step(estimator, rows_at(X, np.sort(chosen)))
        values = np.asarray(rows, dtype=float).reshape(len(chosen), -1)
        codes = np.asarray(estimator.transform(rows)).reshape(len(chosen), -1)
        total, shares = _shares(estimator, values, codes)
        scree = _scree(values, codes.shape[1])
        display = cls(
            shares,
            code_variance=codes.var(axis=0, dtype=float),
            pca_explained_variance_ratio=scree,
            total=total,
            pca_total=float(scree.sum()),
        )
        return display.plot(ax)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw the components, largest fraction first, at most 64 of them.

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
        frame = self.frame().sort_values("explained_variance_ratio", ascending=False)
        drawn = frame[:_MOST_COMPONENTS]
        self.ax_ = single_axes(ax, (float(np.clip(0.3 * len(drawn) + 2.5, 4.6, 11)), 3.8))
        self.figure_ = self.ax_.figure
        place = np.arange(len(drawn))
        colors = np.where(drawn["active"], BLUE, GREY)
        self.bars_ = self.ax_.bar(place, drawn["explained_variance_ratio"], color=colors)
        self.bars_.set_label(
            self._title("code", self.total, f"{frame['active'].sum()} of {len(frame)} in use")
        )
        self.pca_line_ = self._draw_scree(len(drawn))
        names = drawn.index if len(drawn) <= 20 else [""] * len(drawn)
        self.ax_.set_xticks(place, [str(name) for name in names])
        self.ax_.set(xlabel="component of the code", ylabel="share of variance lost without it")
        self.ax_.legend(
            frameon=False, fontsize="small", loc="lower left", bbox_to_anchor=(0, 1), ncols=1
        )
        return self

    def frame(self) -> pd.DataFrame:
        """Return the fractions, one row per component.

        Returns
        -------
        frame : DataFrame
            Indexed by component: "explained_variance_ratio" and "active", and if known
            "code_variance" and "pca_explained_variance_ratio", that of the PCA component with the
            same index.
        """
        shares = np.asarray(self.explained_variance_ratio, dtype=float)
        if shares.ndim != 1 or not shares.size:
            raise ValueError(
                f"Expected one share a component, got an array of shape {shares.shape}."
            )
        frame = pd.DataFrame({"explained_variance_ratio": shares, "active": shares > _ACTIVE})
        if self.code_variance is not None:
            frame["code_variance"] = np.asarray(self.code_variance)
        if self.pca_explained_variance_ratio is not None:
            frame["pca_explained_variance_ratio"] = pd.Series(self.pca_explained_variance_ratio)
        return frame.rename_axis("component")

    @staticmethod
    def _title(name, total, more):
        return f"{name}: {more}" if total is None else f"{name}: {more}, R² {total:.3f}"

    def _draw_scree(self, n_drawn):
        if self.pca_explained_variance_ratio is None:
            return None
        shares = np.asarray(self.pca_explained_variance_ratio)[:n_drawn]
        label = self._title("PCA", self.pca_total, f"{len(shares)} components")
        place = np.arange(len(shares))
        return self.ax_.plot(place, shares, "o-", color=ORANGE, ms=4, lw=1, label=label)[0]


def _shares(estimator, values, codes):
    """Return R² of all components, and how much it falls without each of them."""
    variance = np.square(values - values.mean(axis=0)).sum()

    def r2(some_codes):
        rows = np.asarray(estimator.inverse_transform(some_codes), dtype=float)
        lost = np.square(values - rows.reshape(values.shape)).sum()
        return 1 - lost / variance if variance > 0 else float(lost == 0)

    total = r2(codes)
    shares = np.empty(codes.shape[1])
    for component in range(codes.shape[1]):
        held = codes.copy()
        held[:, component] = codes[:, component].mean()
        shares[component] = total - r2(held)
    return total, shares


def _scree(values, n_components):
    """Return the explained variance ratios of PCA with as many components as there can be."""
    n_components = min(n_components, *values.shape)
    if not values.var(axis=0).any():
        return np.zeros(n_components)
    return PCA(n_components, random_state=0).fit(values).explained_variance_ratio_
