"""Configurations to copy optimizers from."""

from typing import Any

import keras

from skae._compat import learning_rate_of
from skae.engine._proof import is_known_optimizer, is_known_schedule

_PLAIN = (bool, int, float, str)


def config_of(optimizer: keras.optimizers.Optimizer) -> dict[str, Any]:
    """Return a configuration from which the class of an optimizer creates a copy.

    It contains a user's learning-rate schedule as the object itself, so that its class needs no
    registration.

    Raises
    ------
    ValueError
        If the optimizer has an attribute that its ``get_config`` leaves out.
    """
    config = optimizer.get_config()
    if _has_own_schedule(optimizer):
        config["learning_rate"] = learning_rate_of(optimizer)
    if not is_known_optimizer(optimizer):
        _check_nothing_is_lost(optimizer, type(optimizer).from_config(dict(config)))
    return config


def is_optimizer_of_keras(optimizer: keras.optimizers.Optimizer) -> bool:
    """Tell whether an optimizer and its learning-rate schedule are of Keras's own classes."""
    return is_known_optimizer(optimizer) and not _has_own_schedule(optimizer)


def _has_own_schedule(optimizer):
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        return False
    rate = learning_rate_of(optimizer)
    is_schedule = isinstance(rate, keras.optimizers.schedules.LearningRateSchedule)
    return is_schedule and not is_known_schedule(rate)


def _check_nothing_is_lost(optimizer, copy):
    lost = [
        name
        for name, value in vars(optimizer).items()
        if name not in ("name", "built")
        and not name.startswith("_")
        and isinstance(value, _PLAIN)
        and vars(copy).get(name) != value
    ]
    if lost:
        raise ValueError(
            f"{type(optimizer).__name__}.get_config leaves out {', '.join(sorted(lost))}, so that "
            "every fit would train with another optimizer: expected all arguments of the "
            "constructor. Define get_config to return them too."
        )
