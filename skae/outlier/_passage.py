"""Samples with their codes and reconstructions."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import keras
import numpy as np

_ROWS_AT_ONCE = (512, 2048)  # at least, at most
_NUMBERS_AT_ONCE = 2**15


@dataclass(frozen=True, eq=False)
class Passage:
    r"""Samples with their codes and reconstructions, which are computed on first use.

    Attributes
    ----------
    autoencoder : estimator
        Fitted.
    samples : ndarray of shape (n_samples, \*row_shape), float64
        The rows as the autoencoder takes them. In float64, since matrix products in float32 may
        round the same row differently in another place of the matrix.
    """

    autoencoder: Any
    samples: np.ndarray

    @classmethod
    def through(cls, autoencoder, samples) -> Self:
        """Send rows through a fitted autoencoder."""
        return cls(autoencoder, np.asarray(samples, dtype=np.float64))

    @classmethod
    def of(cls, autoencoder, samples, codes, reconstructions) -> Self:
        """Return rows with codes and reconstructions that are known already."""
        passage = cls(autoencoder, samples)
        vars(passage).update(codes=codes, reconstructions=reconstructions)
        return passage

    @cached_property
    def _transformed(self) -> np.ndarray:
        return self.autoencoder.transform(self.samples)

    @cached_property
    def codes(self) -> np.ndarray:
        """Codes, of shape (n_samples, n_components), float64."""
        return np.asarray(self._transformed, dtype=np.float64).reshape(len(self.samples), -1)

    @cached_property
    def reconstructions(self) -> np.ndarray:
        r"""Reconstructions, of shape (n_samples, \*row_shape)."""
        reconstructions = self.autoencoder.inverse_transform(self._transformed)
        return np.asarray(reconstructions).reshape(self.samples.shape)

    @property
    def rows(self) -> np.ndarray:
        """Flat rows, of shape (n_samples, n_features), float64."""
        return self.samples.reshape(-1, math.prod(self.samples.shape[1:]))

    @cached_property
    def errors(self) -> np.ndarray:
        """Residuals x − x̂, of shape (n_samples, n_features), float64."""
        errors = self.samples - self.reconstructions
        return errors.reshape(-1, math.prod(errors.shape[1:]))


def passages(
    autoencoder, samples: np.ndarray, *, verbose: int
) -> Iterator[tuple[Passage, np.ndarray]]:
    r"""Send rows through a fitted autoencoder in blocks of one size.

    This bounds the memory, and makes the results of a row independent of the other rows: matrix
    products round differently for different numbers of rows.

    Parameters
    ----------
    autoencoder : estimator
    samples : ndarray of shape (n_samples, \*row_shape)
    verbose : int
        Whether to show a progress bar, in rows.

    Yields
    ------
    passage : Passage
        Of 512 rows, or up to 2048 of few features; those that the last block lacks repeat its
        first.
    is_row : ndarray of bool
        Which of them are rows of their own.
    """
    progress = keras.utils.Progbar(len(samples), unit_name="row") if verbose else None
    size = _block_size(math.prod(samples.shape[1:]))
    for start in range(0, len(samples), size):
        position = np.arange(start, start + size)
        is_row = position < len(samples)
        block = samples[np.where(is_row, position, start)]
        yield Passage.through(autoencoder, block), is_row
        if progress is not None:
            progress.update(start + int(is_row.sum()))


def _block_size(n_features):
    return int(np.clip(2 ** (_NUMBERS_AT_ONCE // n_features).bit_length(), *_ROWS_AT_ONCE))
