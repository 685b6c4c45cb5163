"""A constructor parameter named as one of scikit-learn's methods."""

from sklearn.base import BaseEstimator


class HiddenParameter:
    """Keep a parameter out of reach of ``hasattr``.

    scikit-learn takes an estimator's attribute ``score`` for the method of that name and calls it.
    A parameter so named is assigned as any other and read from ``vars`` or with ``get_params``.
    """

    def __set_name__(self, owner, name):
        self._name = name

    def __get__(self, instance, owner=None):
        if instance is None:
            return self
        raise AttributeError(
            f"{type(instance).__name__} has no attribute {self._name!r}: expected the parameter of "
            f"that name to be read with get_params()[{self._name!r}]."
        )

    def __set__(self, instance, value):
        vars(instance)[self._name] = value


class HasScoreParameter(BaseEstimator):
    """An estimator with a parameter ``score`` and no such method."""

    score = HiddenParameter()

    @classmethod
    def _get_param_names(cls):
        return [name for name in super()._get_param_names() if name != "score"]

    def get_params(self, deep: bool = True) -> dict:
        """Return the parameters, as every scikit-learn estimator does."""
        score = vars(self)["score"]
        parameters = {**super().get_params(deep), "score": score}
        if deep and isinstance(score, BaseEstimator):
            nested = score.get_params()
            parameters |= {f"score__{name}": value for name, value in nested.items()}
        return dict(sorted(parameters.items()))
