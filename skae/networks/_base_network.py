"""The base class of networks."""

from abc import ABC, abstractmethod
from math import prod
from typing import Any, ClassVar, Self

from sklearn.base import BaseEstimator

from skae._compat import validate_parameter_constraints
from skae._parameters import entries
from skae.packing import KerasHolder

Shape = tuple[int, ...]


class BaseNetwork(KerasHolder, ABC):
    """Base class of networks: the layers of the encoder and of the decoder.

    Subclasses override :meth:`encoder_body` and :meth:`decoder_body`. They are parameter objects:
    ``__init__`` only assigns, and ``get_params``, ``set_params`` and ``clone`` come from
    scikit-learn. Every layer needs a unique name that is the same in every call, because compiled
    programs are found by the names.

    Examples
    --------
    A network with one wide hidden layer in encoder and decoder:

    >>> from keras import layers
    >>> from skae import BaseNetwork
    >>> class WideNetwork(BaseNetwork):
    ...     def __init__(self, units=512):
    ...         self.units = units
    ...     def encoder_body(self, inputs):
    ...         return layers.Dense(self.units, activation="relu", name="wide_encoder")(inputs)
    ...     def decoder_body(self, code, sample_shape, kernel_initializer):
    ...         wide = layers.Dense(self.units, activation="relu", name="wide_decoder")(code)
    ...         return layers.Dense(
    ...             *sample_shape, kernel_initializer=kernel_initializer, name="output"
    ...         )(wide)
    >>> WideNetwork(units=64)
    WideNetwork(units=64)
    """

    starts_at_zero: ClassVar[bool] = True
    """Whether ``decoder_body`` gives its last layer the kernel initializer that it is handed."""

    _parameter_constraints: ClassVar[dict[str, list]] = {}

    @classmethod
    def with_parameters_of(cls, estimator: BaseEstimator) -> Self:
        """Return a network with the parameters that it has in common with an estimator."""
        given = estimator.get_params(deep=False)
        return cls(**{name: given[name] for name in cls._parameter_constraints.keys() & given})

    def check_parameters(self) -> None:
        """Raise ``InvalidParameterError`` if a parameter is out of its range."""
        validate_parameter_constraints(
            self._parameter_constraints, self.get_params(deep=False), type(self).__name__
        )

    def sample_shape(self, row_shape: Shape) -> Shape:
        """Return the shape of one sample as the layers take it, by default flat.

        Parameters
        ----------
        row_shape : tuple of int
            Shape of one sample of X: ``(n_features,)`` if X is two-dimensional.

        Returns
        -------
        sample_shape : tuple of int

        Raises
        ------
        ValueError
            If the network has a shape of its own and samples do not fit it.
        """
        return (prod(row_shape),)

    @abstractmethod
    def encoder_body(self, inputs: Any) -> Any:
        r"""Return the features that the code is computed from.

        Parameters
        ----------
        inputs : KerasTensor of shape (None, \*sample_shape)

        Returns
        -------
        features : KerasTensor
            Of any shape. With ``n_components=None`` they are the code.
        """

    @abstractmethod
    def decoder_body(self, code: Any, sample_shape: Shape, kernel_initializer: Any) -> Any:
        r"""Return the output before its activation.

        Parameters
        ----------
        code : KerasTensor of shape (None, n_components)
            With ``n_components=None`` it has the shape of the encoder body's features.
        sample_shape : tuple of int
            Shape of one sample of the output.
        kernel_initializer : str or keras.initializers.Initializer
            Initializer of the last layer's kernel.

        Returns
        -------
        outputs : KerasTensor of shape (None, \*sample_shape)
        """

    def _check_each(self, name, constraints):
        """Raise ``InvalidParameterError`` unless every entry of a parameter fits constraints."""
        described = f"every entry of {name}"
        for entry in entries(getattr(self, name)):
            validate_parameter_constraints(
                {described: constraints}, {described: entry}, type(self).__name__
            )


def fitting_shape(shape: Shape, row_shape: Shape, parameter: str) -> Shape:
    """Return ``shape``, which a user gave for rows.

    Raises
    ------
    ValueError
        If it does not hold as many numbers as a row.
    """
    if prod(shape) != prod(row_shape):
        raise ValueError(
            f"{parameter}={shape!r} holds {prod(shape)} numbers, but a row of X has "
            f"{prod(row_shape)}. Give the shape of one row, or None to take it from X."
        )
    return shape
