"""The default autoencoder and score of the detector."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import RobustScaler

from skae.autoencoders._denoising import DenoisingAutoencoder
from skae.autoencoders._sequence import SequenceAutoencoder
from skae.networks import DenseNetwork, RecurrentNetwork
from skae.outlier._named_scores import SCORES
from skae.outlier._scores import BaseScore, LocalError

_MOST_COMPONENTS = 64
_FEWEST_EPOCHS, _MOST_EPOCHS = 5, 60
_MOST_ROWS_SEEN = 1_200_000
_CENTRAL = (5.0, 95.0)  # percent; a few gross errors do not set the scale of their feature
_MOST_AXES = 3  # of an image with channels
_FEWEST_PIXELS_A_SIDE = 16  # to be smoothed by a whole pixel


def default_autoencoder(
    n_rows: int, row_shape: tuple[int, ...], in_blocks: bool = False
) -> BaseEstimator:
    """Return the settings of highest mean AUROC over 20 tables; see ``docs/anomaly.md``.

    The code is as wide as the rows (at most 64); the noise keeps the network from learning the
    identity. It trains for a fixed number of epochs: a detector does not need the best
    reconstruction, and small data sets need the rows that early stopping would hold out. The
    features of a table are first scaled by their central 90 %; images and series are not.

    Parameters
    ----------
    n_rows : int
        Many rows need fewer passes.
    row_shape : tuple of int
    in_blocks : bool, default=False
        Whether rows are streamed, which the scaler cannot; they are then not scaled.

    Returns
    -------
    autoencoder : DenoisingAutoencoder or Pipeline that ends in one
        Unfitted.
    """
    autoencoder = DenoisingAutoencoder(
        min(int(np.prod(row_shape)), _MOST_COMPONENTS),
        noise=0.3,
        network=DenseNetwork((128, 64)),
        init="random",
        epochs=int(np.clip(_MOST_ROWS_SEEN // n_rows, _FEWEST_EPOCHS, _MOST_EPOCHS)),
        early_stopping=False,
        validation_split=0.0,
    )
    if in_blocks or len(row_shape) > 1:
        return autoencoder
    return make_pipeline(RobustScaler(quantile_range=_CENTRAL, unit_variance=True), autoencoder)


def unfitted_score(
    score: str | BaseScore, row_shape: tuple[int, ...], autoencoder: Any
) -> BaseScore:
    """Return a score, or that of a name; "auto" is what ranks best, see ``docs/anomaly.md``.

    Parameters
    ----------
    score : str or BaseScore
    row_shape : tuple of int
        With "auto", images and series of one channel have LocalError, which smoothes images of few
        pixels less; others have ScoreEnsemble.
    autoencoder : estimator or None
        Unfitted. A recurrent one tells series of several channels, which are no neighbors of each
        other, from images.
    """
    if isinstance(score, BaseScore):
        return clone(score)
    if score != "auto":
        return SCORES[score]()
    last = autoencoder[-1] if isinstance(autoencoder, Pipeline) else autoencoder
    is_recurrent = isinstance(last, SequenceAutoencoder) or isinstance(
        getattr(last, "network", None), RecurrentNetwork
    )
    has_neighbors = 1 < len(row_shape) <= _MOST_AXES
    if not has_neighbors or (is_recurrent and row_shape[-1] > 1):
        return SCORES["ensemble"]()
    shortest = min((length for length in row_shape[:2] if length > 1), default=1)
    return LocalError(smoothing=min(1.0, shortest / _FEWEST_PIXELS_A_SIDE))
