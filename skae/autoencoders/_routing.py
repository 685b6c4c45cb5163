"""Parameters of the optimizer, the loss and the callbacks of an estimator."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Self

from sklearn.base import BaseEstimator, clone

from skae._compat import print_like_an_estimator


class RoutedParameters(BaseEstimator):
    """An estimator with parameters such as ``optimizer__weight_decay``.

    They are set with ``set_params``, as nested parameters are in scikit-learn, not in the
    constructor. ``get_params(deep=True)`` returns them; ``clone`` and pickle keep them.
    """

    _destinations: ClassVar[tuple[str, ...]] = ("optimizer", "loss", "callbacks")
    _parameter_constraints: ClassVar[dict[str, list]] = {}

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters; ``deep=True`` includes those of optimizer, loss and callbacks.

        Parameters
        ----------
        deep : bool, default=True
            As in scikit-learn.

        Returns
        -------
        params : dict
        """
        params = super().get_params(deep=deep)
        return {**params, **self._routed_parameters()} if deep else params

    def set_params(self, **params) -> Self:
        """Set parameters, those of optimizer, loss and callbacks included.

        Parameters
        ----------
        **params
            As in scikit-learn, and arguments with a prefix, as in scikeras:
            ``optimizer__weight_decay``; ``loss__delta`` if the loss is a class, such as
            ``keras.losses.Huber``; ``callbacks__patience`` for all callbacks that are classes, or
            ``callbacks__0__patience`` for the first one. They stay until they are set again.

        Returns
        -------
        self : object
        """
        routed = {name: value for name, value in params.items() if self._destination(name)}
        super().set_params(**{name: params[name] for name in params.keys() - routed.keys()})
        for name, value in routed.items():
            setattr(self, name, value)
        return self

    def __repr__(self, N_CHAR_MAX: int = 700) -> str:
        """Return the call that makes the estimator, with the parameters of what it makes."""
        call = super().__repr__(N_CHAR_MAX)
        unnamed = self._routed_parameters().keys() - self.get_params(deep=False).keys()
        shown = [f"{name}={getattr(self, name)!r}" for name in sorted(unnamed)]
        named = call.removesuffix(")")
        return ", ".join([named, *shown]).replace("(, ", "(") + ")" if shown else call

    def __sklearn_clone__(self):
        return (
            super().__sklearn_clone__().set_params(**clone(self._routed_parameters(), safe=False))
        )

    def _destination(self, name):
        """Return the destination that a parameter's name begins with, if it is one."""
        prefix, separator, _ = name.partition("__")
        return prefix if separator and prefix in self._destinations else None

    def _routed_parameters(self):
        """Return the parameters with a destination."""
        return {
            name: value for name, value in sorted(vars(self).items()) if self._destination(name)
        }

    def _routed(self, destination):
        """Return the parameters for one destination, without its name."""
        return {
            name.split("__", 1)[1]: value
            for name, value in self._routed_parameters().items()
            if self._destination(name) == destination
        }

    @contextmanager
    def _naming_arguments(self, destination: str) -> Iterator[None]:
        """Say of arguments that a destination does not know whose they were to be."""
        try:
            yield
        except (TypeError, ValueError) as error:
            unknown = [name for name in self._routed(destination) if f"'{name}'" in str(error)]
            if not unknown:
                raise
            given = ", ".join(f"{destination}__{name}" for name in unknown)
            raise type(error)(
                f"{error}\nExpected arguments of {destination}={getattr(self, destination)!r}; "
                f"received {given}. Correct the name, or build the estimator without it."
            ) from error


print_like_an_estimator(RoutedParameters)
