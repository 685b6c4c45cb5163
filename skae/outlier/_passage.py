"""Rows, and what became of them on their way through an autoencoder."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Any, Self

import keras
import numpy as np

_ROWS_AT_ONCE = 512


@dataclass(frozen=True, eq=False)
class Passage:
    r"""Rows beside their codes and reconstructions.

    Attributes
    ----------
    autoencoder : estimator
        Fitted.
    samples : ndarray of shape (n_samples, \*row_shape), float64
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
        """Send rows through a fitted autoencoder.

        In float64, since matrix products in float32 may round the same row differently in another
        place of the matrix.
        """
        samples = np.asarray(samples, dtype=np.float64)
        codes = autoencoder.transform(samples)
        reconstructions = np.asarray(autoencoder.inverse_transform(codes)).reshape(samples.shape)
        codes = np.asarray(codes, dtype=np.float64).reshape(len(samples), -1)
        return cls(autoencoder, samples, codes, reconstructions)

    @property
    def rows(self) -> np.ndarray:
        """Flat rows, of shape (n_samples, n_features), float64."""
        return self.samples.reshape(-1, prod(self.samples.shape[1:]))

    @property
    def errors(self) -> np.ndarray:
        """Residuals x − x̂, of shape (n_samples, n_features), float64."""
        errors = self.samples - self.reconstructions
        return errors.reshape(-1, prod(errors.shape[1:]))


def passages(
    autoencoder, samples: np.ndarray, *, verbose: int
) -> Iterator[tuple[Passage, np.ndarray]]:
    r"""Send rows through a fitted autoencoder in blocks of one size.

    That bounds the memory, and it makes what comes out of a row independent of the rows beside it:
    matrix products round differently for different numbers of rows.

    Parameters
    ----------
    autoencoder : estimator
    samples : ndarray of shape (n_samples, \*row_shape)
    verbose : int
        Whether to show a progress bar, in rows.

    Yields
    ------
    passage : Passage
        Of 512 rows; those that the last block lacks repeat its first.
    is_row : ndarray of shape (512,), bool
        Which of them are rows of their own.
    """
    progress = keras.utils.Progbar(len(samples), unit_name="row") if verbose else None
    for start in range(0, len(samples), _ROWS_AT_ONCE):
        position = np.arange(start, start + _ROWS_AT_ONCE)
        is_row = position < len(samples)
        block = samples[np.where(is_row, position, start)]
        yield Passage.through(autoencoder, block), is_row
        if progress is not None:
            progress.update(start + int(is_row.sum()))
