"""The features that make a sample an outlier."""

from abc import ABC, abstractmethod
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from skae._compat import ADAPTERS_MANAGER, check_feature_names_in, output_config
from skae._parameters import as_it_is


class FeatureErrorsMixin(ABC):
    """Errors and contributions of features, as arrays or DataFrames.

    Subclasses learn ``usual_errors_``.
    """

    usual_errors_: np.ndarray

    @abstractmethod
    def _squared_errors(self, X: ArrayLike) -> np.ndarray:
        """Return (x − x̂)² for raw rows."""

    @abstractmethod
    def _contributions(self, X: ArrayLike) -> np.ndarray:
        """Return the contribution of each feature to the score, for raw rows."""

    def feature_errors(self, X: ArrayLike) -> np.ndarray:
        r"""Return the squared error (x − x̂)² of each feature of each sample.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, \*row_shape)

        Returns
        -------
        errors : ndarray of shape (n_samples, n_features), float64
            In squared units of X. A DataFrame with the feature names after
            ``set_output(transform="pandas")`` or ``"polars"``.

        Raises
        ------
        ValueError
            As in ``score_samples``.
        """
        return self._named(as_it_is(self)._squared_errors(X), X)

    def contributions(self, X: ArrayLike) -> np.ndarray:
        r"""Return how much each feature contributes to the anomaly score of each sample.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, \*row_shape)

        Returns
        -------
        contributions : ndarray of shape (n_samples, n_features), float64
            Not negative. They sum to the anomaly score, minus ``score_samples(X)``, unless that is
            negative, as it may be with ``score="likelihood"``. A DataFrame after ``set_output``, as
            from ``feature_errors``.

        Raises
        ------
        ValueError
            As in ``score_samples``.
        """
        return self._named(as_it_is(self)._contributions(X), X)

    def _named(self, values, X):
        container = output_config("transform", self)["dense"]
        if container == "default":
            return values
        return ADAPTERS_MANAGER.adapters[container].create_container(
            values, X, columns=self.get_feature_names_out
        )

    def set_output(self, *, transform: str | None = None) -> Self:
        """Set the container of ``feature_errors`` and ``contributions``, as in scikit-learn.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"} or None, default=None
            Array or DataFrame; None changes nothing.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If it is none of these.
        """
        if transform not in {None, "default", *ADAPTERS_MANAGER.supported_outputs}:
            raise ValueError(
                "Expected transform out of 'default', 'pandas' and 'polars'; received "
                f"{transform!r}. Pass one of them."
            )
        if transform is not None:
            self._sklearn_output_config = {"transform": transform}
        return self

    def largest_contributors(self, X: ArrayLike, n_features: int = 3) -> np.ndarray:
        r"""Return the names of the features that contribute most to each anomaly score.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, \*row_shape)
        n_features : int, default=3
            Number of names per sample; at most all features.

        Returns
        -------
        names : ndarray of shape (n_samples, n_features), object
            The largest contributor first.

        Raises
        ------
        ValueError
            As in ``score_samples``.
        """
        order = np.argsort(-self._contributions(X), axis=1, kind="stable")[:, :n_features]
        return self.get_feature_names_out()[order]

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> np.ndarray:
        """Return the column names of ``feature_errors`` and ``contributions``.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names to use if there were none at fit; otherwise those seen at fit.

        Returns
        -------
        names : ndarray of shape (n_features_in_,), object

        Raises
        ------
        ValueError
            If they are not the names seen at fit, or of another number.
        """
        check_is_fitted(self)
        return check_feature_names_in(self, input_features)
