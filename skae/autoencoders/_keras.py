"""The user's own Keras autoencoder."""

from collections.abc import Callable
from inspect import signature
from typing import Any, ClassVar, Literal, TypeAlias

import keras
import numpy as np

from skae._parameters import Callbacks, LearningRate, Loss, Metrics, Optimizer
from skae.autoencoders._base import BaseAutoencoder
from skae.engine._seeding import seeded
from skae.model._splitting import private_copy, split_at_code
from skae.networks import KerasNetwork

Model: TypeAlias = keras.layers.Layer | Callable[..., keras.layers.Layer]


class KerasAutoencoder(BaseAutoencoder):
    """Your own Keras autoencoder as a scikit-learn transformer.

    Pass a whole model, which is split at its code, or an encoder and a decoder. Each is a model or
    a function that builds one. Models are copied with their weights: yours is never changed, and
    training starts from its weights.

    Parameters
    ----------
    model : keras.Model, callable or None, default=None
        Functional or Sequential autoencoder, which may contain nested models, or a function that
        returns one. Custom layers and functions need no registration, but layers need
        ``get_config``. The function receives the parameters ``model__<name>`` as ``<name>``. If it
        has a parameter ``meta``, that is a dict with ``"n_features_in_"`` and ``"X_shape_"``.
    encoder, decoder : keras.layers.Layer, callable or None, default=None
        Instead of ``model``: models or layers that map samples to codes and codes to samples, or
        functions that build them from ``encoder__<name>`` and ``decoder__<name>``.
    code_layer : str or None, default=None
        Name of the layer or nested model whose output is the code. None uses the layer with the
        smallest output; of several, the last one.
    standardize : bool, default=False
        Whether the data are centered and divided by one global scale before the encoder, and mapped
        back after the decoder. Use it for a new network with a linear output, not for a network
        that was trained on unscaled data.
    loss : str, callable, keras.losses.Loss or None, default=None
        Reconstruction loss. None uses the loss that ``model`` was compiled with, or ``"mse"``.
    optimizer : str, keras.optimizers.Optimizer, subclass of it or None, default=None
        None uses the optimizer that ``model`` was compiled with, without its state, or ``"adam"``.
    learning_rate : float, keras.optimizers.schedules.LearningRateSchedule or None, default=None
        For an optimizer given by name or class; None uses the optimizer's default. An optimizer
        instance keeps its own learning rate.
    epochs, batch_size, shuffle, validation_split, early_stopping, callbacks, metrics, warm_start, \
random_state, verbose
        As in :class:`DenseAutoencoder`.
    **routed
        Parameters with a prefix, as in scikeras: ``model__units``, ``optimizer__learning_rate``,
        ``loss__delta``, ``callbacks__0__patience``. They work in ``set_params``, ``clone`` and a
        grid search as all other parameters do.

    Attributes
    ----------
    code_shape_ : tuple of int
        Shape of one code in ``encoder_``; ``transform`` flattens it.
    model_, encoder_, decoder_, history_, n_epochs_, best_epoch_, batch_size_, \
n_features_in_, feature_names_in_, mean_
        As in :class:`DenseAutoencoder`.

    Raises
    ------
    ValueError
        From ``fit``, if not exactly one of ``model`` and (``encoder``, ``decoder``) is given, or if
        the model cannot be split at its code.
    TypeError
        From ``fit``, if a parameter in ``**routed`` has none of these prefixes.

    See Also
    --------
    KerasNetwork : Your own layers with the objectives of skae.

    Examples
    --------
    >>> import keras
    >>> from sklearn.datasets import load_digits
    >>> from skae import KerasAutoencoder
    >>> X, _ = load_digits(return_X_y=True)
    >>> model = keras.Sequential(
    ...     [
    ...         keras.Input((64,)),
    ...         keras.layers.Dense(32, activation="relu"),
    ...         keras.layers.Dense(3, name="code"),
    ...         keras.layers.Dense(32, activation="relu"),
    ...         keras.layers.Dense(64),
    ...     ]
    ... )
    >>> autoencoder = KerasAutoencoder(model, code_layer="code", epochs=2, random_state=0)
    >>> autoencoder.fit_transform(X).shape
    (1797, 3)

    With a function, a grid search can vary the sizes:

    >>> def build(units, meta):
    ...     n_features = meta["n_features_in_"]
    ...     return keras.Sequential([keras.layers.Dense(units), keras.layers.Dense(n_features)])
    >>> autoencoder = KerasAutoencoder(build, model__units=4, epochs=2).set_params(model__units=2)
    >>> autoencoder.fit_transform(X).shape
    (1797, 2)
    """

    code_activation = "linear"
    output_activation = "linear"
    init = "random"

    _destinations: ClassVar[tuple[str, ...]] = (
        "model",
        "encoder",
        "decoder",
        *BaseAutoencoder._destinations,
    )
    _unstandardized_by: ClassVar[str] = "standardize=False and a decoder that ends in a sigmoid"
    _parameter_constraints: ClassVar[dict[str, list]] = {
        **BaseAutoencoder._parameter_constraints,
        "model": [keras.Model, callable, None],
        "encoder": [keras.layers.Layer, callable, None],
        "decoder": [keras.layers.Layer, callable, None],
        "code_layer": [str, None],
        "standardize": ["boolean"],
        "loss": [*BaseAutoencoder._parameter_constraints["loss"], None],
        "optimizer": [*BaseAutoencoder._parameter_constraints["optimizer"], None],
    }

    def __init__(
        self,
        model: Model | None = None,
        *,
        encoder: Model | None = None,
        decoder: Model | None = None,
        code_layer: str | None = None,
        standardize: bool = False,
        loss: Loss | None = None,
        optimizer: Optimizer | None = None,
        learning_rate: LearningRate = None,
        epochs: int = 200,
        batch_size: int | Literal["auto"] = "auto",
        shuffle: bool = True,
        validation_split: float = 0.2,
        early_stopping: bool | int = True,
        callbacks: Callbacks = None,
        metrics: Metrics = None,
        warm_start: bool = False,
        random_state: int | np.random.RandomState | None = None,
        verbose: int | Literal["auto"] = 0,
        **routed: Any,
    ):
        self.model, self.encoder, self.decoder = model, encoder, decoder
        self.code_layer = code_layer
        self.standardize = standardize
        self.loss = loss
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.validation_split = validation_split
        self.early_stopping = early_stopping
        self.callbacks = callbacks
        self.metrics = metrics
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose
        self.__dict__.update(routed)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return all parameters, those with a destination included.

        Parameters
        ----------
        deep : bool, default=True
            As in scikit-learn.

        Returns
        -------
        params : dict
        """
        return {**super().get_params(deep=deep), **self._further()}

    def _further(self):
        """Return the parameters that ``__init__`` does not name."""
        named = super().get_params(deep=False)
        return {
            name: value
            for name, value in sorted(vars(self).items())
            if name not in named and not name.startswith("_") and not name.endswith("_")
        }

    def _check_destinations(self):
        prefixes = ", ".join(f"{destination}__" for destination in self._destinations)
        for name in self._further():
            if not self._destination(name):
                raise TypeError(
                    f"{type(self).__name__} has no parameter {name!r}: expected one of its own or "
                    f"one that begins with {prefixes}."
                )

    # ---- the model ------------------------------------------------------------------------

    def _set_scale(self, rows, weights):
        with seeded(0):
            super()._set_scale(rows, weights)

    def make_network(self):
        """Return the network of encoder and decoder, or of the two parts of ``model``."""
        self._check_destinations()
        if (self.model is None) == (self.encoder is None) or (
            (self.encoder is None) != (self.decoder is None)
        ):
            raise ValueError(
                "Expected either model, or encoder and decoder, got "
                f"model={self.model!r}, encoder={self.encoder!r}, decoder={self.decoder!r}."
            )
        self._settings = ("adam", "mse")
        if self.model is None:
            return KerasNetwork(
                self._made(self.encoder, "encoder"), self._made(self.decoder, "decoder")
            )
        model = self._made(self.model, "model")
        if model.compiled:
            self._settings = (model.optimizer, model.loss)
        return KerasNetwork(*split_at_code(private_copy(model, self._row_shape), self.code_layer))

    def _made(self, model: keras.layers.Layer | Callable, destination: str):
        """Return a model as it is, or what its function builds."""
        if isinstance(model, keras.layers.Layer):
            return model
        parameters = self._routed(destination)
        if "meta" in signature(model).parameters:
            shape = (None, *self._row_shape)
            parameters["meta"] = {"n_features_in_": self.n_features_in_, "X_shape_": shape}
        return model(**parameters)

    def compute_code(self, features, kernel_initializer):
        """Return the output of the encoder."""
        return features

    def _standardizes(self):
        return self.standardize

    def _starts_from_pca(self, n_rows):
        return False

    def _compile(self):
        optimizer, loss = self._settings
        del self._settings
        self._compile_with(self.optimizer or optimizer, self.loss or loss)

    def _compile_again(self):
        with seeded(0):
            self.make_network()  # says what a compiled model brings along
        self._compile()
