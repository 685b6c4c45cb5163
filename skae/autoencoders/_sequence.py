"""Recurrent autoencoder."""

from collections.abc import Sequence
from dataclasses import field
from typing import ClassVar, Literal

import keras
import numpy as np
from keras import ops

from skae import engine
from skae._parameters import POSITIVE, Activation, Sizes, parametrized
from skae.autoencoders._base import BaseAutoencoder
from skae.data._blocks import weighted_pieces
from skae.networks import RecurrentNetwork


@parametrized
class SequenceAutoencoder(BaseAutoencoder):
    """Recurrent autoencoder, for sequences.

    An LSTM or GRU encodes the sequence, and a dense layer maps its last state to the code. A second
    LSTM or GRU decodes the sequence from the code, which is repeated over all steps [1]_. Samples
    have shape (steps, channels), or are flat with ``sequence_shape``.

    Pad sequences of different lengths with ``mask_value``. Padded steps are ignored by the encoder,
    by the loss and by the scores, and ``reconstruct`` returns them unchanged. With ``mask_value``
    the data are not scaled inside the model.

    Parameters
    ----------
    n_components : int or None, default=2
        Size of the code. None uses the encoder's last state as the code.
    sequence_shape, units, cell, mask_value, activation
        As in :class:`RecurrentNetwork`.
    code_activation : str, callable or keras.layers.Layer, default="linear"
        Activation of the code.
    output_activation, loss, init, optimizer, learning_rate, epochs, batch_size, shuffle, \
validation_split, early_stopping, callbacks, metrics, warm_start, random_state, verbose
        As in :class:`DenseAutoencoder`.

    Attributes
    ----------
    model_, encoder_, decoder_, history_, n_epochs_, best_epoch_, batch_size_, code_shape_, \
n_features_in_, feature_names_in_, mean_
        As in :class:`DenseAutoencoder` and :class:`ConvAutoencoder`.

    See Also
    --------
    DenseAutoencoder : Autoencoder with fully connected layers.

    References
    ----------
    .. [1] Srivastava, N., Mansimov, E. and Salakhutdinov, R. (2015). Unsupervised learning of
       video representations using LSTMs. ICML.

    Examples
    --------
    >>> import numpy as np
    >>> from skae import SequenceAutoencoder
    >>> phase = np.random.default_rng(0).uniform(0, 6, size=(200, 1))
    >>> X = np.sin(phase + np.linspace(0, 6, 20))
    >>> autoencoder = SequenceAutoencoder(n_components=2, units=(8,), epochs=2, random_state=0)
    >>> autoencoder.fit(X).score(X) > 0.9
    True
    """

    n_components: int | None = field(default=2, kw_only=False)
    sequence_shape: Sequence[int] | None = None
    units: Sizes = (64,)
    cell: Literal["lstm", "gru"] = "lstm"
    mask_value: float | None = None
    activation: Activation = "tanh"

    _parameter_constraints: ClassVar[dict[str, list]] = {
        **RecurrentNetwork._parameter_constraints,
        "n_components": [POSITIVE, None],
    }

    def make_network(self):
        """Return the recurrent network of these parameters."""
        return RecurrentNetwork.with_parameters_of(self)

    # ---- padding --------------------------------------------------------------------------

    def _standardizes(self):
        return super()._standardizes() and self.mask_value is None

    def _set_scale(self, rows, weights):
        super()._set_scale(rows, weights)
        if self.mask_value is not None:
            totals, sums = np.zeros((2, rows.shape[1]))
            for piece, weights_of_piece in weighted_pieces(rows, weights):
                counted = self._observed(piece).astype(np.float64)
                if weights_of_piece is not None:
                    counted *= weights_of_piece[:, None]
                totals += counted.sum(axis=0)
                sums += (counted * piece).sum(axis=0)
            self.mean_ = sums / np.where(totals > 0, totals, 1.0)

    def _compile(self):
        loss = engine.make_loss(self.loss, self._routed("loss"))
        if self.mask_value is not None:
            loss = MaskedLoss(loss, self.mask_value)
        engine.compile_model(
            self.model_,
            optimizer=self.optimizer,
            learning_rate=self.learning_rate,
            loss=loss,
            routed=self._routed("optimizer"),
        )

    def _reconstructed(self, rows):
        reconstructions = super()._reconstructed(rows)
        if self.mask_value is not None:
            padded = ~self._observed(rows)
            reconstructions[padded.reshape(reconstructions.shape)] = self.mask_value
        return reconstructions

    def _observed(self, rows):
        """Return which entries of flat rows belong to steps that are not padding."""
        steps = rows.astype(np.float32).reshape(len(rows), *self._sample_shape)
        observed = (steps != np.float32(self.mask_value)).any(axis=2, keepdims=True)
        return np.broadcast_to(observed, steps.shape).reshape(len(rows), -1)

    def _n_observed(self, rows):
        if self.mask_value is None:
            return super()._n_observed(rows)
        return np.maximum(self._observed(rows).sum(axis=1), 1)

    def _squared_deviations(self, rows):
        if self.mask_value is None:
            return super()._squared_deviations(rows)
        return np.square(np.where(self._observed(rows), rows - self.mean_, 0)).sum()

    def _sample_errors(self, samples):
        if self.mask_value is None:
            return super()._sample_errors(samples)
        outputs = self._apply(engine.Mapping.RECONSTRUCT, samples)
        rows = samples.reshape(outputs.shape)
        residuals = np.where(self._observed(rows), rows - outputs, 0).astype(np.float64)
        return np.square(residuals).sum(axis=1)


@keras.saving.register_keras_serializable(package="skae")
class MaskedLoss(keras.losses.Loss):
    """Mean of a loss over the steps of a sequence that are not padding.

    Parameters
    ----------
    loss : callable
        Loss function, or loss instance whose ``call`` returns one value per step.
    mask_value : float
        Value of every channel of a padded step.
    **kwargs
        ``name``, ``reduction`` and ``dtype``, as for every Keras loss.
    """

    def __init__(self, loss, mask_value: float, **kwargs):
        super().__init__(**kwargs)
        self.loss = loss
        self.mask_value = mask_value

    def call(self, y_true, y_pred):
        """Return the loss of each sample, of shape (n,)."""
        step_loss = self.loss.call if isinstance(self.loss, keras.losses.Loss) else self.loss
        losses = step_loss(y_true, y_pred)
        observed = ops.cast(ops.any(ops.not_equal(y_true, self.mask_value), axis=-1), losses.dtype)
        return ops.sum(losses * observed, axis=1) / ops.maximum(ops.sum(observed, axis=1), 1)

    def get_config(self):
        """Return the constructor's arguments."""
        loss = keras.saving.serialize_keras_object(self.loss)
        return {**super().get_config(), "loss": loss, "mask_value": self.mask_value}

    @classmethod
    def from_config(cls, config):
        """Return the loss that ``get_config`` describes."""
        return cls(**{**config, "loss": keras.saving.deserialize_keras_object(config["loss"])})
