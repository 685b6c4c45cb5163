"""Outputs of every layer of a model."""

import keras
import numpy as np

from skae import engine
from skae.engine._hidden_layers import is_open
from skae.model._splitting import calls_of
from skae.packing import PackedModel


def activations(autoencoder, rows: np.ndarray) -> dict[str, np.ndarray]:
    r"""Return the outputs of every layer of a fitted autoencoder.

    Parameters
    ----------
    autoencoder : BaseAutoencoder
        Its model is copied first, because calls of layers change a model.
    rows : ndarray of shape (n_samples, n_features) or (n_samples, \*row_shape)

    Returns
    -------
    outputs : dict of str to ndarray of shape (n_samples, \*layer_shape)
    """
    model = PackedModel.of(autoencoder.model_).unpacked()
    return layer_outputs(model, rows.astype("float32").reshape(-1, *model.input.shape[1:]))


def layer_outputs(model: keras.Model, inputs: np.ndarray) -> dict[str, np.ndarray]:
    r"""Run rows through a model and return the outputs of its layers.

    Parameters
    ----------
    model : keras.Model
        Functional or Sequential, with one input; models within are opened likewise. Its layers are
        called once more, symbolically: give a copy.
    inputs : ndarray of shape (n_samples, \*input_shape)

    Returns
    -------
    outputs : dict of str to ndarray of shape (n_samples, \*layer_shape)
        In the order of the calls, by the names of the layer and of the models around it, joined by
        "/"; from its second call on with the number of the call. Of several outputs the first.
    """
    calls, start, _ = calls_of(model)
    ends = [keras.tree.flatten(end)[0] for call in calls for end in (call.inputs, call.outputs)]
    values = keras.tree.flatten(keras.Model(start, ends)(inputs, training=False))
    outputs: dict[str, np.ndarray] = {}
    for call, received, given in zip(calls, values[::2], values[1::2], strict=True):
        name = _new_name(call.layer.name, outputs)
        if is_open(call.layer):
            inner = layer_outputs(call.layer, received)
            outputs |= {f"{name}/{layer}": value for layer, value in inner.items()}
        else:
            outputs[name] = keras.ops.convert_to_numpy(given)
    return outputs


def hidden_outputs(autoencoder, samples: np.ndarray) -> np.ndarray:
    r"""Return the outputs of the encoder's hidden layers and the codes, side by side.

    Parameters
    ----------
    autoencoder : BaseAutoencoder
        Fitted.
    samples : ndarray of shape (n_samples, \*sample_shape), float32
        In the units of the data.

    Returns
    -------
    outputs : ndarray of shape (n_samples, n_units), float32
    """
    return engine.apply_model(autoencoder.model_, engine.Mapping.HIDDEN, samples)


def _new_name(name, taken):
    n_calls = sum(other.split("/")[0].split(" ")[0] == name for other in taken)
    return f"{name} {n_calls + 1}" if n_calls else name
