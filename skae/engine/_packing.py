"""Small variables trained as one vector, to trace, compile and run fewer operations."""

import keras
import tensorflow as tf

from skae._compat import shared_variables, slots_by_variable
from skae.engine._optimizers import config_of

_FEWEST_VARIABLES = 3
_ELEMENT_WISE = (keras.optimizers.Adam, keras.optimizers.RMSprop, keras.optimizers.SGD)
_MIX_VARIABLES = ("clipnorm", "weight_decay", "use_ema", "gradient_accumulation_steps")


class PackedVariables:
    """The trainable variables of a model, the small ones as one vector, with an optimizer of it.

    A step of an optimizer that works element by element is the same on one long vector as on its
    parts. Between :meth:`pack` and :meth:`unpack` the vector is what counts; outside, the model and
    its own optimizer are complete, so that callbacks and savers find what they expect.

    Parameters
    ----------
    model : keras.Model
        Compiled, with a built optimizer; see :func:`packed_if_possible`.
    most_elements : int
        Of a small variable.
    """

    def __init__(self, model: keras.Model, most_elements: int):
        self._small = _small_variables(model, most_elements)
        large = [v for v in model.trainable_variables if not _is_among(v, self._small)]
        self._sizes = [tf.size(v.value).numpy() for v in self._small]
        self._vector = keras.Variable(tf.zeros(sum(self._sizes)), name="packed")
        self._variables = [*large, self._vector]
        self._large = large
        self._states = model.non_trainable_variables
        theirs = model.optimizer
        self._optimizer = type(theirs).from_config({**config_of(theirs), "name": "packed"})
        self._optimizer.build(self._variables)
        by_variable = {
            id(variable): slots
            for variable, slots in zip(
                model.trainable_variables,
                slots_by_variable(theirs, model.trainable_variables),
                strict=True,
            )
        }
        *of_large, of_vector = slots_by_variable(self._optimizer, self._variables)
        self._same = list(
            zip(
                shared_variables(self._optimizer),
                shared_variables(theirs),
                strict=True,
            )
        )
        for variable, slots in zip(large, of_large, strict=True):
            self._same += zip(slots, by_variable[id(variable)], strict=True)
        parts = zip(*(by_variable[id(variable)] for variable in self._small), strict=True)
        self._packed = [(self._vector, self._small), *zip(of_vector, parts, strict=True)]

    def pack(self) -> None:
        """Take over the state of the model and its optimizer."""
        for own, other in self._same:
            own.assign(other.value)
        for vector, parts in self._packed:
            vector.assign(tf.concat([tf.reshape(part.value, (-1,)) for part in parts], 0))

    def unpack(self) -> None:
        """Give the state back."""
        for own, other in self._same:
            other.assign(own.value)
        for vector, parts in self._packed:
            for part, values in zip(parts, tf.split(vector.value, self._sizes), strict=True):
                part.assign(tf.reshape(values, part.shape))

    def step(self, losses) -> list[tf.Tensor]:
        """Take an optimizer step down the first of the tensors that ``losses()`` returns."""
        return _step(self._optimizer, self._variables, lambda: self._in_place_of_small(losses))

    def _in_place_of_small(self, losses):
        """Return ``losses()`` of a model whose small variables are parts of the vector."""
        parts = tf.split(self._vector.value, self._sizes)
        stand_ins = [
            (variable, tf.reshape(part, variable.shape))
            for variable, part in zip(self._small, parts, strict=True)
        ]
        stand_ins += [(variable, variable.value) for variable in self._large]  # for regularizers
        with keras.StatelessScope(stand_ins, collect_losses=True) as scope:
            terms = losses()
        for state in self._states:
            new = scope.get_current_value(state)
            if new is not None:
                state.assign(new)
        return terms


class OwnVariables:
    """The trainable variables of a model as they are, with the model's optimizer.

    Parameters
    ----------
    model : keras.Model
        Compiled, with a built optimizer.
    """

    def __init__(self, model: keras.Model):
        self._variables = model.trainable_variables
        self._optimizer = model.optimizer

    def pack(self) -> None:
        """Do nothing."""

    def unpack(self) -> None:
        """Do nothing."""

    def step(self, losses) -> list[tf.Tensor]:
        """Take an optimizer step down the first of the tensors that ``losses()`` returns."""
        return _step(self._optimizer, self._variables, losses)


def _step(optimizer, variables, losses):
    with tf.GradientTape() as tape:
        terms = losses()
        objective = optimizer.scale_loss(terms[0])
    optimizer.apply(tape.gradient(objective, [v.value for v in variables]), variables)
    return terms


def packed_if_possible(model: keras.Model, most_elements: int) -> PackedVariables | OwnVariables:
    """Return the trainable variables of a compiled model with a built optimizer.

    Parameters
    ----------
    model : keras.Model
    most_elements : int
        Of a packed variable; copying a larger one costs more than it saves.
    """
    if _can_be_packed(model, most_elements):
        return PackedVariables(model, most_elements)
    return OwnVariables(model)


def _can_be_packed(model, most_elements):
    """Tell whether there are enough small variables, and the optimizer works element by element."""
    optimizer = model.optimizer
    return (
        len(_small_variables(model, most_elements)) >= _FEWEST_VARIABLES
        and type(optimizer) in _ELEMENT_WISE
        and not any(optimizer.get_config().get(name) for name in _MIX_VARIABLES)
        and _is_by_variable(optimizer, model.trainable_variables)
    )


def _small_variables(model, most_elements):
    return [
        variable
        for variable in model.trainable_variables
        if variable.shape.num_elements() <= most_elements
        and variable.dtype == "float32"
        and variable.constraint is None
        and not variable.overwrite_with_gradient
    ]


def _is_among(variable, variables):
    return any(variable is other for other in variables)


def _is_by_variable(optimizer, variables):
    """Tell whether the optimizer's variables come in the order of the trained ones.

    Some optimizers list one kind after the other instead.
    """
    shapes = [
        variable.shape
        for variable, slots in zip(variables, slots_by_variable(optimizer, variables), strict=True)
        for _ in slots
    ]
    return shapes == [
        slot.shape for slot in optimizer.variables[len(shared_variables(optimizer)) :]
    ]
