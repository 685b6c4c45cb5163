"""Samples with their codes and reconstructions."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import keras
import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

from skae.autoencoders._base import BaseAutoencoder
from skae.data._products import ROWS_TOGETHER

_SCALERS = (MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler)  # entry by entry
_FEWEST_AT_ONCE, _MOST_AT_ONCE = 512, 2048
_MOST_ALONE = 8192  # where no row is repeated


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
    n_at_once : int, default=0
        Number of rows that the autoencoder gets, if more; the first is repeated.
    """

    autoencoder: Any
    samples: np.ndarray
    n_at_once: int = 0

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
    def _given(self) -> np.ndarray:
        return _repeated(self.samples, self.n_at_once)

    @cached_property
    def _transformed(self) -> np.ndarray:
        return self.autoencoder.transform(self._given)

    @cached_property
    def codes(self) -> np.ndarray:
        """Codes, of shape (n_samples, n_components), float64."""
        codes = np.asarray(self._transformed, dtype=np.float64)[: len(self.samples)]
        return codes.reshape(len(self.samples), -1)

    @cached_property
    def reconstructions(self) -> np.ndarray:
        r"""Reconstructions, of shape (n_samples, \*row_shape)."""
        reconstructions = self.autoencoder.inverse_transform(self._transformed)
        return np.asarray(reconstructions)[: len(self.samples)].reshape(self.samples.shape)

    @cached_property
    def autoencoder_scores(self) -> np.ndarray:
        """The autoencoder's own ``score_samples``, of shape (n_samples,), float64."""
        scores = np.asarray(self.autoencoder.score_samples(self._given), dtype=np.float64)
        return scores[: len(self.samples)]

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
    autoencoder, samples: np.ndarray, *, scored_alone: bool, verbose: int
) -> Iterator[tuple[Passage, np.ndarray]]:
    r"""Send rows through a fitted autoencoder in blocks.

    This bounds the memory, and makes the results of a row independent of the other rows: matrix
    products round differently for different numbers of rows. Autoencoder and score therefore get
    blocks of one size, unless what they make of a row is known not to depend on the others.

    Parameters
    ----------
    autoencoder : estimator
    samples : ndarray of shape (n_samples, \*row_shape)
    scored_alone : bool
        Whether the score of a row is known not to depend on the others.
    verbose : int
        Whether to show a progress bar, in rows.

    Yields
    ------
    passage : Passage
        Of 512 rows, or of few features up to 2048, and 8192 if all are known not to depend on
        others; the last of fewer, a multiple of eight, if that changes nothing. Those that it
        lacks repeat its first.
    is_row : ndarray of bool
        Which of them are rows of their own.
    """
    progress = keras.utils.Progbar(len(samples), unit_name="row") if verbose else None
    mapped_alone = maps_rows_alone(autoencoder)
    most = _MOST_ALONE if mapped_alone and scored_alone else _MOST_AT_ONCE
    size = _block_size(math.prod(samples.shape[1:]), most)
    n_at_once = 0 if mapped_alone else size
    for start in range(0, len(samples), size):
        block = np.asarray(samples[start : start + size], dtype=np.float64)
        n_rows = len(block)
        n_scored = -(-n_rows // ROWS_TOGETHER) * ROWS_TOGETHER if scored_alone else size
        yield (
            Passage(autoencoder, _repeated(block, n_scored), n_at_once),
            np.arange(n_scored) < n_rows,
        )
        if progress is not None:
            progress.update(start + n_rows)


def maps_rows_alone(autoencoder) -> bool:
    """Tell whether what an autoencoder makes of a row is known not to depend on other rows."""
    if type(autoencoder) is Pipeline:
        *scalers, (_, last) = autoencoder.steps
        return all(type(step) in _SCALERS for _, step in scalers) and maps_rows_alone(last)
    is_ours = type(autoencoder).__module__.split(".")[0] == "skae"
    return is_ours and isinstance(autoencoder, BaseAutoencoder) and autoencoder.maps_rows_alone()


def _repeated(rows, n_rows):
    """Return rows, the first of them repeated at the end where there are fewer than asked for."""
    if len(rows) >= n_rows:
        return rows
    return np.concatenate([rows, np.repeat(rows[:1], n_rows - len(rows), axis=0)])


def _block_size(n_features, most):
    """Return a number of rows, fewer than the most of more than 16 features."""
    rows = 2 ** (16 * most // n_features).bit_length()
    return min(max(rows, _FEWEST_AT_ONCE), most)
