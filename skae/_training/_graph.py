"""What of an autoencoder is trained: from standardised input to standardised output."""

import keras

from skae._layers import Standardization, SwapCorruption

_MIX_ROWS = (
    keras.layers.BatchNormalization,
    keras.layers.Lambda,
    SwapCorruption,
)


def _standardization(model):
    layers = [layer for layer in model.layers if isinstance(layer, Standardization)]
    return layers[0] if layers else None


def encoder_core(model):
    """Return the encoder of an autoencoder from the standardised input to the code."""
    encoder = model.get_layer("encoder")
    standardization = _standardization(encoder)
    if standardization is None:
        return encoder
    return keras.Model(standardization.output, encoder.output, name="encoder")


def decoder_core(model):
    """Return the decoder of an autoencoder from the code to the standardised output."""
    decoder = model.get_layer("decoder")
    standardization = _standardization(decoder)
    if standardization is None:
        return decoder
    return keras.Model(decoder.input, standardization.input, name="decoder")


def autoencoder_core(model):
    """Return both, chained, sharing the layers of ``model``."""
    encoder, decoder = encoder_core(model), decoder_core(model)
    inputs = keras.Input(encoder.input.shape[1:], name="standardized")
    return keras.Model(inputs, decoder(encoder(inputs)), name="autoencoder")


def mixes_rows(core: keras.Model) -> bool:
    """Tell whether an output of a model may depend on more than one row of the batch.

    Layers that are not Keras's or skae's might do anything.
    """
    return any(
        isinstance(layer, _MIX_ROWS)
        or type(layer).__module__.split(".")[0] not in ("keras", "skae")
        for layer in core._flatten_layers()
    )
