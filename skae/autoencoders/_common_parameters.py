"""The parameters that autoencoders have in common."""

from dataclasses import field
from numbers import Integral, Real
from typing import Any, ClassVar, Literal

import keras
import numpy as np

from skae._compat import Interval, StrOptions
from skae._parameters import (
    ACTIVATION,
    LOSS,
    METRIC,
    OPTIMIZER,
    POSITIVE,
    Activation,
    Callbacks,
    LearningRate,
    Loss,
    Metrics,
    Optimizer,
    Patience,
    parametrized,
)
from skae.autoencoders._routing import RoutedParameters


@parametrized
class CommonParameters(RoutedParameters):
    """An estimator with the parameters that autoencoders have in common."""

    n_components: Any = field(kw_only=False)  # int, or None where features can be the code
    code_activation: Activation = "linear"
    output_activation: Activation = "linear"
    loss: Loss = "mse"
    init: Literal["auto", "pca", "random"] = "auto"
    optimizer: Optimizer = "adam"
    learning_rate: LearningRate = 2e-3
    epochs: int = 200
    batch_size: int | Literal["auto"] = "auto"
    shuffle: bool = True
    validation_split: float = 0.2
    early_stopping: bool | int = True
    callbacks: Callbacks = None
    metrics: Metrics = None
    warm_start: bool = False
    random_state: int | np.random.RandomState | None = None
    verbose: int | Literal["auto"] = 0

    _parameter_constraints: ClassVar[dict[str, list]] = {
        "n_components": [POSITIVE],
        "code_activation": ACTIVATION,
        "output_activation": ACTIVATION,
        "loss": LOSS,
        "init": [StrOptions({"auto", "pca", "random"})],
        "optimizer": OPTIMIZER,
        "learning_rate": [
            Interval(Real, 0, None, closed="neither"),
            keras.optimizers.schedules.LearningRateSchedule,
            None,
        ],
        "epochs": [POSITIVE],
        "batch_size": [POSITIVE, StrOptions({"auto"})],
        "shuffle": ["boolean"],
        "validation_split": [Interval(Real, 0, 1, closed="left")],
        "early_stopping": ["boolean", Patience(Integral, 1, None, closed="left")],
        "callbacks": [list, tuple, dict, type, keras.callbacks.Callback, None],
        "metrics": [list, tuple, *METRIC, None],
        "warm_start": ["boolean"],
        "random_state": ["random_state"],
        "verbose": [StrOptions({"auto"}), Interval(Integral, 0, 2, closed="both")],
    }
