"""The user's own encoder and decoder as a network."""

from collections.abc import Callable
from dataclasses import field
from math import prod
from typing import ClassVar

import keras
from keras import layers

from skae._parameters import parametrized
from skae.engine import load, load_own_states, own_states, values_of
from skae.networks._base_network import BaseNetwork, Shape, fitting_shape
from skae.packing import packed


@parametrized
class KerasNetwork(BaseNetwork):
    """Your own Keras models as encoder and decoder.

    The code is a dense layer on the encoder's output, as with the other networks, or that output
    itself with ``n_components=None``. The models are copied with their weights: yours are never
    changed, and every fit starts from their weights. An autoencoder with this network does not
    start from PCA.

    Parameters
    ----------
    encoder : keras.layers.Layer or callable
        Model or layer that maps samples to features, or a function without parameters that
        builds it.
    decoder : keras.layers.Layer or callable
        Model or layer that maps codes to samples, or a function without parameters that builds
        it.

    See Also
    --------
    KerasAutoencoder : Whole Keras autoencoders, with a code of their own.

    Examples
    --------
    >>> import keras
    >>> from skae import KerasNetwork
    >>> network = KerasNetwork(
    ...     encoder=keras.Sequential([keras.layers.Dense(32, activation="relu")]),
    ...     decoder=keras.Sequential([keras.layers.Dense(32, "relu"), keras.layers.Dense(64)]),
    ... )
    >>> network.sample_shape((64,))
    (64,)
    """

    starts_at_zero: ClassVar[bool] = False

    encoder: keras.layers.Layer | Callable[[], keras.layers.Layer] = field(kw_only=False)
    decoder: keras.layers.Layer | Callable[[], keras.layers.Layer] = field(kw_only=False)

    _parameter_constraints: ClassVar[dict[str, list]] = {
        "encoder": [keras.layers.Layer, callable],
        "decoder": [keras.layers.Layer, callable],
    }

    def sample_shape(self, row_shape: Shape) -> Shape:
        """Return the input shape of the encoder, or the shape of a sample if it has none yet."""
        encoder = built_model(self.encoder)
        if isinstance(encoder, keras.Model) and encoder.built:
            return fitting_shape(tuple(encoder.input_shape[1:]), row_shape, "The encoder's input")
        return row_shape

    def encoder_body(self, inputs):
        """Return the output of a copy of the encoder."""
        return applied_copy(built_model(self.encoder), inputs)

    def decoder_body(self, code, sample_shape, kernel_initializer):
        r"""Return the output of a copy of the decoder, of shape (None, \*sample_shape)."""
        outputs = applied_copy(built_model(self.decoder), code)
        return shaped_output(outputs, sample_shape)


def built_model(model):
    """Return a model or layer, or what a function without parameters builds."""
    return model if isinstance(model, layers.Layer) else model()


def applied_copy(layer, inputs):
    """Return the output of a copy of a layer or model with the same weights."""
    copy = packed(layer).unpacked()
    outputs = copy(inputs)
    if layer.built:
        load(copy.weights, values_of(layer.weights))
        load_own_states(copy, own_states(layer))
    return outputs


def shaped_output(outputs, sample_shape):
    r"""Return a decoder's output in the shape of a row.

    Raises
    ------
    ValueError
        If it does not hold as many numbers.
    """
    if outputs.shape[1:] == tuple(sample_shape):
        return outputs
    if prod(outputs.shape[1:]) != prod(sample_shape):
        raise ValueError(
            f"The decoder gives rows of shape {tuple(outputs.shape[1:])}, expected "
            f"{tuple(sample_shape)}, the shape of a row of X. Change its last layer."
        )
    return layers.Reshape(sample_shape, name="output_reshape")(outputs)
