"""From a network, a code and a scale to one nested Keras model."""

from collections.abc import Callable
from math import prod
from typing import Any

import keras
import numpy as np
from keras import layers

from skae import engine
from skae._compat import mark_as_called
from skae.engine._graph import standardization_in
from skae.layers import Standardization
from skae.model._scaling import GlobalScale
from skae.networks import BaseNetwork, Shape, activation_layer


def assemble(
    network: BaseNetwork,
    sample_shape: Shape,
    *,
    corrupt: Callable[[Any], Any],
    compute_code: Callable[[Any, str], Any],
    regularize_code: Callable[[Any, Any, Any], Any],
    output_activation,
    scale: GlobalScale | None,
    principal: tuple[np.ndarray, np.ndarray] | None,
) -> keras.Model:
    """Return the autoencoder: rows in, reconstructions out, both in the units of the data.

    Parameters
    ----------
    network : BaseNetwork
        Gives the two bodies.
    sample_shape : tuple of int
        Shape of a row.
    corrupt : callable
        Maps the standardized input to the encoder's input.
    compute_code : callable
        Maps the encoder body's features and a kernel initializer to the code.
    regularize_code : callable
        Maps the encoder's input, the features and the code to the decoder's input.
    output_activation : str or callable
    scale : GlobalScale or None
        None leaves rows as they are.
    principal : tuple of two ndarrays or None
        Linear maps to start from, of shapes (n_features, n_components) and (n_components,
        n_features). The output of the encoder's body is added to the first, that of the decoder's
        body to the second; both bodies start at zero.
    """
    kernel_initializer = "glorot_uniform" if principal is None else "zeros"
    inputs = keras.Input(sample_shape, name="input")
    standardized = inputs if scale is None else Standardization(name="standardization")(inputs)
    seen = corrupt(standardized)
    features = network.encoder_body(seen)
    codes = compute_code(features, kernel_initializer)
    if principal is not None:
        codes = _add_projection(codes, seen, principal[0])
    encoder = keras.Model(inputs, regularize_code(seen, features, codes), name="encoder")

    latent = keras.Input(encoder.output.shape[1:], name="latent")
    outputs = network.decoder_body(latent, sample_shape, kernel_initializer)
    if principal is not None:
        outputs = _add_back_projection(outputs, latent, sample_shape, principal[1])
    outputs = activation_layer(output_activation, "output_activation")(outputs)
    if scale is not None:
        outputs = Standardization(invert=True, name="restoration")(outputs)
    decoder = keras.Model(latent, outputs, name="decoder")
    model = keras.Model(inputs, decoder(encoder(inputs)), name="autoencoder")

    if scale is not None:
        for half in (encoder, decoder):
            _assign_scale(standardization_in(half), scale, sample_shape)
    mark_as_called(model)
    return model


def _add_projection(codes, seen, projection):
    flat = (
        seen
        if len(seen.shape) == 2
        else layers.Flatten("channels_last", name="principal_flatten")(seen)
    )
    layer = layers.Dense(codes.shape[1], use_bias=False, name="principal_projection")
    projected = layer(flat)
    layer.set_weights([projection])
    return layers.Add(name="code_from_principal")([projected, codes])


def _add_back_projection(outputs, latent, sample_shape, back_projection):
    layer = layers.Dense(prod(sample_shape), use_bias=False, name="principal_back_projection")
    flat = layer(latent)
    layer.set_weights([back_projection])
    shaped = layers.Reshape(sample_shape, name="principal_reshape")(flat)
    return layers.Add(name="output_from_principal")([shaped, outputs])


def scale_of(model: keras.Model, half: str, fitted: GlobalScale) -> GlobalScale:
    """Return the scale of a half of a model: the fitted one, unless its weights were set.

    Parameters
    ----------
    model : keras.Model
        As :func:`assemble` returned it.
    half : {"encoder", "decoder"}
    fitted : GlobalScale
        In float64, of which the half holds rounded values, if it standardizes.
    """
    layer = standardization_in(model.get_layer(half))
    if layer is None:
        return fitted
    mean = engine.array_of(layer.mean.value).ravel()
    scale = engine.array_of(layer.scale.value)
    is_rounded = scale == np.asarray(fitted.scale, dtype=scale.dtype)
    if is_rounded and np.array_equal(mean, fitted.mean.astype(mean.dtype)):
        return fitted
    return GlobalScale(mean.astype(np.float64), float(scale))


def check_same_scale(model: keras.Model, scale: GlobalScale) -> None:
    """Raise unless the decoder of a model has the scale in whose units errors are."""
    if scale_of(model, "decoder", scale) is not scale:
        raise ValueError(
            "Expected the same mean and scale in the layer 'standardization' of encoder_ and in "
            "'restoration' of decoder_; received different ones. Set the weights of both."
        )


def _assign_scale(layer, scale, sample_shape):
    layer.mean.assign(scale.mean.reshape(sample_shape))
    layer.scale.assign(scale.scale)
