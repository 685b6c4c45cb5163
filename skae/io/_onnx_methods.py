"""Computations of fitted estimators on tensors, to be written as a graph."""

from functools import reduce, singledispatch
from math import prod
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from scipy.ndimage import gaussian_filter1d
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

from skae.autoencoders._base import BaseAutoencoder
from skae.autoencoders._concrete import ConcreteAutoencoder
from skae.autoencoders._likelihood import balanced_draws, drawn_codes, evidence_bound
from skae.autoencoders._sequence import SequenceAutoencoder
from skae.autoencoders._variational import VariationalAutoencoder
from skae.engine._graph import decoder_core, encoder_core
from skae.engine._hidden_layers import HiddenLayers
from skae.io._onnx_affine import AffineMap
from skae.io._onnx_arrays import TracedArray
from skae.model._assembly import check_same_scale
from skae.outlier import (
    BaseScore,
    HiddenPath,
    Isolation,
    LocalError,
    NeighborDistance,
    ReconstructionOutlierDetector,
)
from skae.outlier._ensemble import SummedScore
from skae.outlier._passage import Passage
from skae.outlier._scores import Likelihood

_ROUNDING = 1e-6


class TracedAutoencoder:
    """An autoencoder; rows and codes are flat.

    Rows are standardized as the estimator does it, in the precision that they come in, and the
    network computes in float32.

    Parameters
    ----------
    autoencoder : BaseAutoencoder
        Fitted.
    """

    def __init__(self, autoencoder: BaseAutoencoder):
        autoencoder = autoencoder._in_use()
        check_same_scale(autoencoder.model_, autoencoder._scale)
        self.fitted = autoencoder
        self.encode = encoder_core(autoencoder.model_)
        self.decode = decoder_core(autoencoder.model_)
        self.scale = autoencoder._scale
        self.row_shape = autoencoder._row_shape
        self.n_codes = autoencoder._n_features_out

    def transform(self, rows: tf.Tensor) -> tf.Tensor:
        """Return codes, float32."""
        return self._encoded(rows)

    def inverse_transform(self, codes: tf.Tensor) -> tf.Tensor:
        """Return rows, float32."""
        return self._restored(self._decoded(tf.cast(codes, tf.float32)))

    def reconstruct(self, rows: tf.Tensor) -> tf.Tensor:
        """Return reconstructions, float32."""
        return self._restored(self._reconstructed(rows))

    def score_samples(self, rows: tf.Tensor) -> tf.Tensor:
        """Return scores, float64."""
        residuals = tf.cast(_flat(self._samples(rows)) - self._reconstructed(rows), tf.float64)
        observed = self._observed(rows)
        if observed is not None:
            residuals = residuals * observed
        squares = tf.reduce_sum(tf.square(residuals), axis=1) * self.scale.scale**2
        return -squares / self._n_observed(observed)

    def path(self, rows: tf.Tensor) -> Any:
        """Return rows, what the encoder's hidden layers make of them, and codes, side by side."""
        encoder = self.fitted.encoder_
        samples = self._shaped(tf.cast(rows, tf.float32))
        way = [samples, *HiddenLayers(encoder)(samples), encoder(samples, training=False)]
        return _array(tf.concat([tf.cast(_flat(part), tf.float64) for part in way], axis=1))

    def _samples(self, rows):
        mean = self.scale.mean.astype(rows.dtype.as_numpy_dtype)
        return self._shaped(tf.cast((rows - mean) / self.scale.scale, tf.float32))

    def _shaped(self, rows):
        return tf.reshape(rows, (-1, *self.fitted._sample_shape))

    # Layers of another precision give their own.

    def _encoded(self, rows):
        return tf.cast(_flat(self.encode(self._samples(rows), training=False)), tf.float32)

    def _decoded(self, codes):
        shaped = tf.reshape(codes, (-1, *self.fitted.code_shape_))
        return tf.cast(_flat(self.decode(shaped, training=False)), tf.float32)

    def _reconstructed(self, rows):
        return self._decoded(self._encoded(rows))

    def _restored(self, standardized):
        scaled = tf.cast(standardized * self.scale.scale, tf.float64)
        return tf.cast(scaled + self.scale.mean, tf.float32)

    def _observed(self, rows):
        """Return 1 for entries that count and 0 for others, or None if all do."""

    def _n_observed(self, observed):
        return self.fitted.n_features_in_


class TracedConcrete(TracedAutoencoder):
    """Codes are columns of the rows, in their order."""

    def transform(self, rows):
        """Return the chosen columns."""
        return tf.cast(tf.gather(rows, np.sort(self.fitted.selected_), axis=1), tf.float32)

    def inverse_transform(self, codes):
        """Return the rows that the decoder reconstructs from the chosen columns."""
        selected = self.fitted.selected_
        columns = tf.gather(tf.cast(codes, tf.float32), np.argsort(np.argsort(selected)), axis=1)
        centred = tf.cast(columns, tf.float64) - self.scale.mean[selected]
        return self._restored(self._decoded(tf.cast(centred / self.scale.scale, tf.float32)))


class TracedSequence(TracedAutoencoder):
    """Padded steps count in no score and are reconstructed as they are."""

    def reconstruct(self, rows):
        """Return reconstructions, with padded steps as they were."""
        observed, reconstructed = self._observed(rows), super().reconstruct(rows)
        if observed is None:
            return reconstructed
        return tf.where(observed > 0, reconstructed, tf.constant(self._mask, tf.float32))

    @property
    def _mask(self):
        return self.fitted.mask_value

    def _observed(self, rows):
        if self._mask is None:
            return None
        steps = self._shaped(tf.cast(rows, tf.float32))
        observed = tf.reduce_any(steps != np.float32(self._mask), axis=2, keepdims=True)
        return _flat(tf.cast(observed, tf.float64) * tf.ones(steps.shape[1:], tf.float64))

    def _n_observed(self, observed):
        if observed is None:
            return super()._n_observed(observed)
        return tf.maximum(tf.reduce_sum(observed, axis=1), 1)


class TracedVariational(TracedAutoencoder):
    """Scores are bounds of log-likelihoods."""

    def __init__(self, autoencoder):
        super().__init__(autoencoder)
        encoder, scaled = autoencoder.encoder_, autoencoder._standardizes()
        start = encoder.get_layer("standardization").output if scaled else encoder.input
        self._posterior = keras.Model(start, encoder.get_layer("kl").input)

    def score_samples(self, rows):
        """Return the evidence lower bound of every row."""
        fitted, samples = self.fitted, self._samples(rows)
        posterior = self._posterior(samples, training=False)
        mean, log_variance = (_array(tf.cast(part, tf.float32)) for part in posterior)
        draws = balanced_draws(fitted.n_components, np.random.RandomState(0)).astype(np.float32)
        codes = drawn_codes(mean, log_variance, draws).tensor
        outputs = self._decoded(tf.reshape(codes, (-1, codes.shape[2])))
        log_likelihoods = fitted._likelihood().log_density(
            _array(_flat(samples)[:, None]),
            _array(tf.reshape(outputs, (-1, len(draws), fitted.n_features_in_))),
        )
        return evidence_bound(log_likelihoods, mean, log_variance, draws).tensor


class TracedPipeline:
    """Steps, one after the other."""

    def __init__(self, pipeline: Pipeline):
        steps = [step for _, step in pipeline.steps if step not in (None, "passthrough")]
        self.steps = [traced(step) for step in steps]
        self.row_shape = self.steps[0].row_shape
        self.n_codes = self.steps[-1].n_codes

    def before_last(self, rows: tf.Tensor) -> tf.Tensor:
        """Return what the last step is given."""
        return reduce(lambda values, step: step.transform(values), self.steps[:-1], rows)

    def transform(self, rows: tf.Tensor) -> tf.Tensor:
        """Return codes."""
        return self.steps[-1].transform(self.before_last(rows))

    def inverse_transform(self, codes: tf.Tensor) -> tf.Tensor:
        """Return rows."""
        return reduce(lambda values, step: step.inverse_transform(values), self.steps[::-1], codes)

    def reconstruct(self, rows: tf.Tensor) -> tf.Tensor:
        """Return reconstructions."""
        return self.inverse_transform(self.transform(rows))

    def score_samples(self, rows: tf.Tensor) -> tf.Tensor:
        """Return the last step's scores."""
        return self.steps[-1].score_samples(self.before_last(rows))

    def path(self, rows: tf.Tensor) -> Any:
        """Return the way through the last step's encoder."""
        return self.steps[-1].path(self.before_last(rows))


class TracedDetector:
    """A detector; its score is computed in float64."""

    def __init__(self, detector: ReconstructionOutlierDetector):
        self.fitted = detector
        self.row_shape = detector._row_shape
        self.autoencoder = traced(detector.autoencoder_)
        self._check_likelihood()

    def _check_likelihood(self):
        last = getattr(self.autoencoder, "steps", [self.autoencoder])[-1]
        if isinstance(self.fitted.score_, Likelihood) and isinstance(last, AffineMap):
            raise ValueError(
                "Expected an autoencoder of skae for a graph of score='likelihood', which asks it "
                f"for score_samples; received {self.fitted.autoencoder_!r}. Use another score, "
                "such as 'mahalanobis', or VariationalAutoencoder."
            )

    def score_samples(self, rows: tf.Tensor) -> tf.Tensor:
        """Return minus the anomaly score, float64."""
        rows = tf.cast(rows, tf.float64)
        codes = self.autoencoder.transform(rows)
        reconstructions = tf.cast(self.autoencoder.inverse_transform(codes), tf.float64)
        shape = (-1, *self.fitted._row_shape)
        passage = Passage.of(
            self.autoencoder,
            _array(tf.reshape(rows, shape)),
            _array(tf.cast(codes, tf.float64)),
            _array(tf.reshape(reconstructions, shape)),
        )
        try:
            return -anomaly(self.fitted.score_, passage).tensor
        except (AttributeError, NotImplementedError, TypeError, ValueError) as error:
            raise ValueError(
                f"Expected anomaly of {type(self.fitted.score_).__name__} to use operators and "
                "functions of NumPy alone, on all rows at once, so that it can be written as an "
                f"ONNX graph; received: {error} Rewrite it, or use one of skae's scores."
            ) from error

    def predict(self, rows: tf.Tensor) -> tf.Tensor:
        """Return −1 for outliers and 1 for others, int64."""
        # The threshold is most often the score of a row, which rounding must not put below it.
        threshold = self.fitted.offset_ - _ROUNDING * abs(self.fitted.offset_)
        is_outlier = self.score_samples(rows) < threshold
        return tf.where(is_outlier, np.int64(-1), np.int64(1))


@singledispatch
def traced(estimator: Any) -> Any:
    """Return the estimator's methods on tensors.

    Raises
    ------
    ValueError
        If they are not known.
    """
    raise ValueError(
        f"Expected skae's estimators, or steps that are affine maps; received {estimator!r}."
    )


traced.register(BaseEstimator, AffineMap)
traced.register(BaseAutoencoder, TracedAutoencoder)
traced.register(ConcreteAutoencoder, TracedConcrete)
traced.register(SequenceAutoencoder, TracedSequence)
traced.register(VariationalAutoencoder, TracedVariational)
traced.register(Pipeline, TracedPipeline)
traced.register(ReconstructionOutlierDetector, TracedDetector)


@singledispatch
def anomaly(score: BaseScore, passage: Passage) -> Any:
    """Return the anomaly of a passage of traced arrays, by the score's own NumPy formula."""
    return score.anomaly(passage)


@anomaly.register
def _local_error(score: LocalError, passage) -> Any:
    smoothed = (passage.samples - passage.reconstructions).tensor
    for axis in range(1, min(len(smoothed.shape), 3)):
        filter_ = gaussian_filter1d(np.eye(smoothed.shape[axis]), score.smoothing, axis=0)
        smoothed = tf.experimental.numpy.moveaxis(
            tf.experimental.numpy.moveaxis(smoothed, axis, -1) @ filter_.T, -1, axis
        )
    return score.over_brightness(_array(_flat(smoothed)), passage.rows)


@anomaly.register
def _hidden_path(score: HiddenPath, passage) -> Any:
    ways = (
        passage.autoencoder.path(_flat(samples.tensor))
        for samples in (passage.samples, passage.reconstructions)
    )
    return score.squared_length(np.subtract(*ways))


@anomaly.register
def _summed(score: SummedScore, passage) -> Any:
    return score.summed([anomaly(term, passage) for term in score.scores_])


@anomaly.register
def _neighbor_distance(score: NeighborDistance, passage) -> Any:
    return score.of_standardized(score.standardized(passage.rows))


@anomaly.register
def _isolation(score: Isolation, passage) -> Any:
    standardized: Any = score.standardized(passage.rows)
    rows = tf.cast(standardized.tensor, tf.float64)
    left, right = score.children_.T
    node = tf.zeros_like(rows[:, :1], dtype=tf.int64) + score.roots_
    for _ in range(score.n_steps_):
        value = tf.gather(rows, tf.gather(score.features_, node), batch_dims=1)
        is_left = value <= tf.gather(score.cuts_, node)
        node = tf.where(is_left, tf.gather(left, node), tf.gather(right, node))
    return score.of_depth(_array(tf.gather(score.depths_, node)))


@anomaly.register
def _likelihood(score: Likelihood, passage) -> Any:
    return _array(-passage.autoencoder.score_samples(_flat(passage.samples.tensor)))


def _flat(values):
    return tf.cast(tf.reshape(values, (-1, prod(values.shape[1:]))), values.dtype)


def _array(tensor) -> Any:
    """Return a tensor as what NumPy takes for an array."""
    return TracedArray(tensor)
