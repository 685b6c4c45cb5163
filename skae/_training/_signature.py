"""What compiled code depends on, as text: equal signatures can share it."""

import json
import re

import keras

from skae._training._functions import functions_of_the_user

_AUTOMATIC = re.compile(r"(keras_tensor|input_layer|functional|sequential)(_\d+)?(CLONE)*")
_UNKNOWN = {"class_name": "unknown", "registered_name": None}


def architecture_signature(model: keras.Model) -> str | None:
    """Return a description of a model's layers, or None if it cannot be shared safely.

    Weights are not part of it. Functions and classes that are not Keras's or skae's are known to
    Keras by their names only, so two different ones could look alike.
    """
    if functions_of_the_user(model):
        return None
    try:
        config = model.get_config()
    except NotImplementedError:
        return None
    return _text([keras.backend.backend(), keras.config.dtype_policy().name, config])


def training_signature(model: keras.Model, batch_size: int, variant: str) -> str | None:
    """Return a description of a compiled model's training step, or None.

    Beside the architecture that is loss, kind of optimizer, batch size and what runs the step, but
    not a constant learning rate, which is part of the optimizer's state.
    """
    training = _text(
        [batch_size, variant, _described_optimizer(model.optimizer), _described_loss(model.loss)]
    )
    architecture = architecture_signature(model)
    if architecture is None or training is None:
        return None
    return architecture + training


def _text(description) -> str | None:
    if not _is_shareable(description):
        return None
    text = json.dumps(description, default=str)
    for number, name in enumerate(dict.fromkeys(_automatic_names(description))):
        text = text.replace(json.dumps(name), f'"#{number}"')
    return text


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


def _described_optimizer(optimizer):
    description = keras.saving.serialize_keras_object(optimizer)
    settings = dict(description["config"], name=None)
    if isinstance(settings["learning_rate"], float):
        del settings["learning_rate"]
    return {**description, "config": settings}


def _described_loss(loss):
    """Return Keras's own losses as text; a function or class of the user's is not shareable."""
    if not type(loss).__module__.startswith(("keras.", "skae.")) and not hasattr(loss, "__name__"):
        return _UNKNOWN
    if hasattr(loss, "__name__"):
        return loss.__name__ if loss.__module__.startswith("keras.") else _UNKNOWN
    return keras.saving.serialize_keras_object(loss)


def _is_shareable(description) -> bool:
    if isinstance(description, list | tuple):
        return all(map(_is_shareable, description))
    if not isinstance(description, dict):
        return True
    if "class_name" in description and "registered_name" in description:
        module, registered = description.get("module"), description["registered_name"]
        known = (module or "").split(".")[0] == "keras" or (registered or "").startswith("skae>")
        if not known:
            return False
    return all(map(_is_shareable, description.values()))
