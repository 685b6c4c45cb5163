"""Rows, and what became of them on their way through an autoencoder."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import keras
import numpy as np

_ROWS_AT_ONCE = 8192


@dataclass(frozen=True, eq=False)
class Passage:
    r"""Rows beside their codes and reconstructions.

    Attributes
    ----------
    autoencoder : estimator
        Fitted.
    samples : ndarray of shape (n_samples, \*row_shape)
        The rows as the autoencoder takes them.
    codes : ndarray of shape (n_samples, n_components), float64
    reconstructions : ndarray of shape (n_samples, \*row_shape)
    """

    autoencoder: Any
    samples: np.ndarray
    codes: np.ndarray
    reconstructions: np.ndarray

    @classmethod
    def through(cls, autoencoder, samples) -> Self:
        """Send rows through a fitted autoencoder."""
        codes = autoencoder.transform(samples)
        reconstructions = np.asarray(autoencoder.inverse_transform(codes)).reshape(samples.shape)
        codes = np.asarray(codes, dtype=np.float64).reshape(len(samples), -1)
        return cls(autoencoder, samples, codes, reconstructions)

    @property
    def rows(self) -> np.ndarray:
        """Flat rows, of shape (n_samples, n_features), float64."""
        return self.samples.reshape(len(self.samples), -1).astype(np.float64)

    @property
    def errors(self) -> np.ndarray:
        """Residuals x − x̂, of shape (n_samples, n_features), float64."""
        errors = self.samples.astype(np.float64) - self.reconstructions
        return errors.reshape(len(errors), -1)


def passages(autoencoder, samples: np.ndarray, *, verbose: int) -> Iterator[Passage]:
    r"""Send rows through a fitted autoencoder in blocks, so that memory is bounded.

    Parameters
    ----------
    autoencoder : estimator
    samples : ndarray of shape (n_samples, \*row_shape)
    verbose : int
        Whether to show a progress bar, in rows.

    Yields
    ------
    passage : Passage
        Of at most 8192 rows.
    """
    progress = keras.utils.Progbar(len(samples), unit_name="row") if verbose else None
    for start in range(0, len(samples), _ROWS_AT_ONCE):
        block = samples[start : start + _ROWS_AT_ONCE]
        yield Passage.through(autoencoder, block)
        if progress is not None:
            progress.update(start + len(block))
