"""The trained part of an autoencoder: from standardized input to standardized output."""

import keras

from skae._compat import layers_within
from skae.layers import GaussianCode, Standardization

CONVOLUTIONS = (
    keras.layers.Conv1D,
    keras.layers.Conv2D,
    keras.layers.Conv3D,
    keras.layers.Conv1DTranspose,
    keras.layers.Conv2DTranspose,
    keras.layers.Conv3DTranspose,
)


def standardization_in(model: keras.Model) -> Standardization | None:
    """Return the layer of an encoder or decoder that standardizes, or undoes it."""
    layers = [layer for layer in model.layers if isinstance(layer, Standardization)]
    return layers[0] if layers else None


def encoder_core(model):
    """Return the encoder of an autoencoder from the standardized input to the code."""
    encoder = model.get_layer("encoder")
    standardization = standardization_in(encoder)
    if standardization is None:
        return encoder
    return keras.Model(standardization.output, encoder.output, name="encoder")


def decoder_core(model):
    """Return the decoder of an autoencoder from the code to the standardized output."""
    decoder = model.get_layer("decoder")
    standardization = standardization_in(decoder)
    if standardization is None:
        return decoder
    return keras.Model(decoder.input, standardization.input, name="decoder")


def autoencoder_core(model):
    """Return both, chained, sharing the layers of ``model``."""
    encoder, decoder = encoder_core(model), decoder_core(model)
    inputs = keras.Input(encoder.input.shape[1:], name="standardized")
    return keras.Model(inputs, decoder(encoder(inputs)), name="autoencoder")


def posterior_core(model):
    """Return the model from the standardized input to means and log-variances.

    None is for an encoder that has no Gaussian code.
    """
    encoder = model.get_layer("encoder")
    found = [layer for layer in encoder.layers if isinstance(layer, GaussianCode)]
    if not found:
        return None
    standardization = standardization_in(encoder)
    start = encoder.input if standardization is None else standardization.output
    return keras.Model(start, found[0].input, name="posterior")


def has_any(model: keras.Model, kinds: tuple[type, ...]) -> bool:
    """Tell whether a model, or a model within it, has a layer of one of these kinds."""
    return any(isinstance(layer, kinds) for layer in layers_within(model))
