"""What compiled code depends on, as text: equal signatures can share it."""

import json
import re
from typing import Any

import keras
import numpy as np

from skae._compat import functional_class
from skae.engine._proof import (
    UnprovenError,
    check_layers,
    described_loss,
    described_optimizer,
)
from skae.layers import adjustable_hyperparameters

_AUTOMATIC = re.compile(r"(keras_tensor|input_layer|functional|sequential)(_\d+)?(CLONE)*")


def architecture_signature(model: keras.Model, *, with_hyperparameters: bool = False) -> str | None:
    """Return a description of a model's layers, or None if it cannot be shared safely.

    Weights are not part of it; Keras's settings are, since they are compiled in.

    Parameters
    ----------
    model : keras.Model
    with_hyperparameters : bool, default=False
        Whether those that programs read from variables are a part of it.
    """
    try:
        check_layers(model)
        config = model.get_config()
        if not with_hyperparameters:
            _leave_hyperparameters_out(model, config)
        return text_of([*_settings(), config])
    except UnprovenError:
        return None


def _leave_hyperparameters_out(layer: Any, config: dict[str, Any]) -> None:
    """Blank in the configuration of a known layer or model what is read from variables."""
    config |= dict.fromkeys(adjustable_hyperparameters(layer))
    kind = type(layer)
    if kind is functional_class():
        for inner, described in zip(layer.operations, config["layers"], strict=True):
            _leave_hyperparameters_out(inner, described["config"])


def training_signature(model: keras.Model, batch_size: int, variant: str) -> str | None:
    """Return a description of a compiled model's training step, or None.

    Beside the architecture that is loss, kind of optimizer, batch size and what runs the step, but
    not a constant learning rate, which is part of the optimizer's state.
    """
    architecture = architecture_signature(model)
    if architecture is None:
        return None
    try:
        described = [described_optimizer(model.optimizer), described_loss(model.loss)]
    except UnprovenError:
        return None
    return architecture + text_of([batch_size, variant, *described])


def _settings():
    return [
        keras.backend.backend(),
        keras.config.dtype_policy().name,
        keras.config.epsilon(),
        keras.config.floatx(),
        keras.config.image_data_format(),
    ]


def text_of(description) -> str:
    """Return a description as text, the names that Keras counted up in the order they come."""
    text = json.dumps(description, default=_plain)
    for number, name in enumerate(dict.fromkeys(_automatic_names(description))):
        text = text.replace(json.dumps(name), f'"#{number}"')
    return text


def _plain(value):
    """Return a NumPy number as Python's own, which JSON can hold."""
    if isinstance(value, np.generic):
        return value.item()
    raise UnprovenError(f"{value!r} cannot be written down in full")


def _automatic_names(description):
    """Yield the names that Keras made up and counts up with every object of a class."""
    if isinstance(description, dict):
        name, kind = description.get("name"), description.get("class_name")
        if isinstance(name, str) and _AUTOMATIC.fullmatch(name):
            yield name
        config = description.get("config")
        if kind and isinstance(config, dict) and isinstance(config.get("name"), str):
            words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", kind).lower()
            if re.fullmatch(rf"{words}(_\d+)?", config["name"]):
                yield config["name"]
    children = description.values() if isinstance(description, dict) else description
    if isinstance(description, dict | list | tuple):
        for child in children:
            yield from _automatic_names(child)
