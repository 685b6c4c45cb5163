"""The scikit-learn interface of every autoencoder."""

from functools import partial

import keras
import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from skae import engine
from skae._parameters import as_it_is
from skae._saving import SavingMixin
from skae.autoencoders._fitting import AutoencoderFitting
from skae.autoencoders._html import html_summary
from skae.data._chunks import chunks
from skae.data._frames import feature_names_of, framed
from skae.data._mapping import over_blocks, sum_over_blocks
from skae.data._validation import check_row_shape, validate_codes, validate_rows
from skae.model._assembly import check_same_scale, scale_of
from skae.packing import KerasHolder


class BaseAutoencoder(
    SavingMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    KerasHolder,
    AutoencoderFitting,
):
    """Base class of all autoencoders: fit, transform, inverse_transform, score.

    Subclasses override ``make_network`` and, if needed, the hooks ``corrupt``, ``compute_code`` and
    ``regularize_code``. Subclass :class:`DenseAutoencoder` for an objective of your own.

    Examples
    --------
    >>> import keras
    >>> from skae import DenseAutoencoder
    >>> class BlurredAutoencoder(DenseAutoencoder):
    ...     def regularize_code(self, seen, features, codes):
    ...         return keras.layers.GaussianNoise(0.1, name="blur")(codes)
    >>> X = [[0.0, 1.0, 2.0], [1.0, 2.0, 4.0], [2.0, 3.0, 6.0], [3.0, 5.0, 7.0]] * 5
    >>> BlurredAutoencoder(n_components=1, epochs=2, random_state=0).fit_transform(X).shape
    (20, 1)
    """

    @property
    def encoder_(self) -> keras.Model:
        """Keras model that maps samples to codes: the first half of ``model_``.

        To load a file of ``encoder_.save`` with ``keras.models.load_model``, first run
        ``from skae import DenseAutoencoder``, which registers skae's layers with Keras.
        """
        check_is_fitted(self)
        return self.model_.get_layer("encoder")

    @property
    def decoder_(self) -> keras.Model:
        """Keras model that maps codes to samples: the second half of ``model_``."""
        check_is_fitted(self)
        return self.model_.get_layer("decoder")

    def transform(self, X: ArrayLike) -> np.ndarray:
        r"""Return the codes of X: their embedding in the latent space.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, \*row_shape)

        Returns
        -------
        Z : ndarray of shape (n_samples, n_components), float32
            Codes that are not vectors are flattened. A DataFrame after
            ``set_output(transform="pandas")`` or ``"polars"``.

        Raises
        ------
        ValueError
            If X has another number of features than at fit, or NaN or infinite values.
        TypeError
            If X is sparse.
        """
        used = self._in_use()
        return over_blocks(
            used._codes,
            X,
            (used._n_features_out,),
            names_of=self.get_feature_names_out,
            verbose=self.verbose,
        )

    def inverse_transform(self, Z: ArrayLike) -> np.ndarray:
        r"""Reconstruct samples from their codes.

        Parameters
        ----------
        Z : array-like of shape (n_samples, n_components)

        Returns
        -------
        X : ndarray of shape (n_samples, n_features) or (n_samples, \*row_shape), float32
            In the units and the shape of the samples seen at fit. A DataFrame after
            ``set_output(transform="pandas")`` or ``"polars"``, unless samples are n-dimensional.

        Raises
        ------
        ValueError
            If Z has another number of columns, or NaN or infinite values.
        TypeError
            If Z is sparse.
        """
        return framed(self._in_use()._decoded(Z), Z, self)

    def reconstruct(self, X: ArrayLike) -> np.ndarray:
        r"""Return ``inverse_transform(transform(X))``, in one pass.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, \*row_shape)

        Returns
        -------
        X : ndarray of the same shape, float32
            A DataFrame in the same cases as from ``inverse_transform``.

        Raises
        ------
        ValueError
            If X has another number of features than at fit, or NaN or infinite values.
        TypeError
            If X is sparse.
        """
        used = self._in_use()
        rows = over_blocks(
            used._reconstructions,
            X,
            used._row_shape,
            names_of=partial(feature_names_of, self),
            verbose=self.verbose,
        )
        return framed(rows, X, self) if isinstance(rows, np.ndarray) else rows

    def score_samples(self, X: ArrayLike) -> np.ndarray:
        r"""Return how well each sample is reconstructed: minus its mean squared error.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, \*row_shape)

        Returns
        -------
        scores : ndarray of shape (n_samples,), float64
            In squared units of X; higher is better, and 0 is a perfect reconstruction.

        Raises
        ------
        ValueError
            If X has another number of features than at fit, or NaN or infinite values.
        TypeError
            If X is sparse.
        """
        return over_blocks(self._in_use()._scores, X, (), dtype=np.float64, verbose=self.verbose)

    def score(self, X: ArrayLike, y: object = None) -> float:
        r"""Return the fraction of variance that is reconstructed (R²).

        That is 1 − Σ‖x − x̂‖² / Σ‖x − ``mean_``‖², the explained variance ratio of PCA, also for new
        samples. 1 is perfect, 0 is as good as the mean, and negative is worse.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, \*row_shape)
        y : object, default=None
            Ignored.

        Returns
        -------
        score : float

        Raises
        ------
        ValueError
            If X has another number of features than at fit, or NaN or infinite values.
        TypeError
            If X is sparse.
        """
        error, total = sum_over_blocks(self._in_use()._error_and_deviation, X, 2, self.verbose)
        if total == 0:
            return float(error == 0)
        return float(1 - error / total)

    def maps_rows_alone(self) -> bool:
        """Tell whether a sample has the same codes and reconstruction, bit for bit, in any batch.

        It has in dense networks of known layers with at most 131,072 weights, on the CPU. In others
        codes may differ by rounding, since matrix products round differently for different numbers
        of rows.

        Returns
        -------
        maps_rows_alone : bool
        """
        check_is_fitted(self)
        return engine.maps_rows_alone(self.model_)

    def _codes(self, X):
        return self._mapped(engine.Mapping.ENCODE, self._rows_in_use(X))

    def _reconstructions(self, X):
        return self._reconstructed(self._rows_in_use(X))

    def _scores(self, X):
        rows = self._rows_in_use(X)
        return -self._squared_errors(rows) * self._scale.scale**2 / self._n_observed(rows)

    def _error_and_deviation(self, X):
        """Return Σ ‖x − x̂‖² and Σ ‖x − mean‖², in standardized units."""
        rows = self._rows_in_use(X)
        total = sum(
            self._squared_deviations(rows[chunk]) for chunk in chunks(*rows.shape, in_cache=False)
        )
        return np.array([self._squared_errors(rows).sum(), total])

    def _in_use(self):
        """Return the estimator as it is now, with the scale of its encoder."""
        check_is_fitted(self)
        engine.check_process()
        used = as_it_is(self)
        used._follow_weights()
        return used

    def _rows_in_use(self, X):
        rows, row_shape = validate_rows(self, X, reset=False)
        check_row_shape(self, row_shape, self._row_shape)
        return rows

    def _mapped(self, mapping, rows):
        """Return a part of the model's outputs for rows, standardized a chunk at a time."""
        outputs = [
            self._apply(mapping, self._samples(rows[chunk])) for chunk in chunks(*rows.shape)
        ]
        return outputs[0] if len(outputs) == 1 else np.concatenate(outputs)

    def _decoded(self, Z):
        """Return the decoded codes, as an array."""
        codes = validate_codes(self, Z, self._n_features_out).reshape(-1, *self.code_shape_)
        return self._restored(self._apply(engine.Mapping.DECODE, codes))

    def _reconstructed(self, rows):
        """Return the reconstructions of checked rows, as an array."""
        return self._restored(self._mapped(engine.Mapping.RECONSTRUCT, rows))

    def _restored(self, standardized):
        scale = scale_of(self.model_, "decoder", self._scale)
        return scale.restore(standardized).reshape(-1, *self._row_shape)

    def _n_observed(self, rows):
        """Return the number of values of a row that count."""
        return rows.shape[1]

    def _squared_deviations(self, rows):
        """Return Σ (x − mean)² over all rows, in standardized units."""
        return (((rows - self.mean_) / self._scale.scale) ** 2).sum()

    def _squared_errors(self, rows):
        """Return Σ (x − x̂)² of each row, in standardized units."""
        check_same_scale(self.model_, self._scale)
        errors = np.empty(len(rows))
        for chunk in chunks(*rows.shape, in_cache=False):
            errors[chunk] = self._sample_errors(self._samples(rows[chunk]))
        return errors

    def _repr_html_inner(self):
        return super()._repr_html_inner() + html_summary(self)

    def _repr_mimebundle_(self, **kwargs):
        bundle = super()._repr_mimebundle_(**kwargs)
        if "text/html" in bundle:
            bundle["text/html"] += html_summary(self)
        return bundle

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags
