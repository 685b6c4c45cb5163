"""From a network, a code and a scale to one nested Keras model."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers

from skae._layers import Standardization
from skae._networks import BaseNetwork, Shape
from skae._scaling import GlobalScale


def assemble(
    network: BaseNetwork,
    sample_shape: Shape,
    *,
    corrupt: Callable[[Any], Any],
    code: Callable[[Any, str], Any],
    output_activation,
    scale: GlobalScale | None,
    axes: np.ndarray | None,
) -> keras.Model:
    """Return the autoencoder: rows in, reconstructions out, both in the units of the data.

    Parameters
    ----------
    network : BaseNetwork
        Gives the two bodies.
    sample_shape : tuple of int
        Shape of a row.
    corrupt : callable
        Maps the standardised input to what the encoder sees.
    code : callable
        Maps the encoder body's features and a kernel initializer to the code.
    output_activation : str or callable
    scale : GlobalScale or None
        None leaves rows as they are.
    axes : ndarray of shape (n_components, n_features) or None
        Principal axes to start from. The code is then the projection on them plus the encoder
        body's share, the output its back-projection plus the decoder body's, and both shares
        start at zero.
    """
    inputs = keras.Input(sample_shape, name="input")
    standardized = inputs if scale is None else Standardization(name="standardization")(inputs)
    seen = corrupt(standardized)
    codes = code(network.encoder_body(seen), "glorot_uniform" if axes is None else "zeros")
    if axes is not None:
        projection = layers.Dense(len(axes), use_bias=False, name="principal_projection")
        flat = seen if len(sample_shape) == 1 else layers.Flatten(name="principal_flatten")(seen)
        codes = layers.Add(name="code_from_principal")([projection(flat), codes])
    encoder = keras.Model(inputs, codes, name="encoder")

    latent = keras.Input(codes.shape[1:], name="latent")
    outputs = network.decoder_body(
        latent, sample_shape, "glorot_uniform" if axes is None else "zeros"
    )
    if axes is not None:
        back_projection = layers.Dense(
            axes.shape[1], use_bias=False, name="principal_back_projection"
        )
        flat = back_projection(latent)
        shaped = flat if len(sample_shape) == 1 else layers.Reshape(sample_shape)(flat)
        outputs = layers.Add(name="output_from_principal")([shaped, outputs])
    outputs = layers.Activation(output_activation, name="output_activation")(outputs)
    if scale is not None:
        outputs = Standardization(invert=True, name="restoration")(outputs)
    decoder = keras.Model(latent, outputs, name="decoder")
    model = keras.Model(inputs, decoder(encoder(inputs)), name="autoencoder")

    if axes is not None:
        projection.set_weights([axes.T])
        back_projection.set_weights([axes])
    if scale is not None:
        for half in (encoder, decoder):
            _assign_scale(half, scale, sample_shape)
    return model


def _assign_scale(half, scale, sample_shape):
    (layer,) = (layer for layer in half.layers if isinstance(layer, Standardization))
    layer.mean.assign(scale.mean.reshape(sample_shape))
    layer.scale.assign(scale.scale)
