"""What compiled code depends on, as text: equal signatures can share it."""

import json
import re

import keras
import numpy as np

from skae.engine._proof import (
    UnprovenError,
    check_layers,
    described_loss,
    described_optimizer,
)

_AUTOMATIC = re.compile(r"(keras_tensor|input_layer|functional|sequential)(_\d+)?(CLONE)*")


def architecture_signature(model: keras.Model) -> str | None:
    """Return a description of a model's layers, or None if it cannot be shared safely.

    Weights are not part of it; Keras's settings are, since they are compiled in.
    """
    try:
        check_layers(model)
        return text_of([*_settings(), model.get_config()])
    except UnprovenError:
        return None


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
