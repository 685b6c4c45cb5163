"""What every layer of a model gives for some rows."""

import keras
import numpy as np

from skae._halves import calls_of


def layer_outputs(model: keras.Model, inputs: np.ndarray) -> dict[str, np.ndarray]:
    r"""Run rows through a model and return what each of its layers makes of them.

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
    wanted = [(call.inputs, keras.tree.flatten(call.outputs)[0]) for call in calls]
    values = keras.Model(start, wanted)(inputs, training=False)
    outputs: dict[str, np.ndarray] = {}
    for call, (received, given) in zip(calls, values, strict=True):
        name = _new_name(call.layer.name, outputs)
        if _is_open(call.layer):
            inner = layer_outputs(call.layer, received)
            outputs |= {f"{name}/{layer}": value for layer, value in inner.items()}
        else:
            outputs[name] = keras.ops.convert_to_numpy(given)
    return outputs


def _is_open(layer):
    """Tell whether a layer is a model made of layers whose connections are known."""
    return isinstance(layer, keras.Model) and len(getattr(layer, "inputs", None) or ()) == 1


def _new_name(name, taken):
    n_calls = sum(other.split("/")[0].split(" ")[0] == name for other in taken)
    return f"{name} {n_calls + 1}" if n_calls else name
