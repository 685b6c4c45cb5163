"""TensorFlow's functions as ONNX graphs."""

import logging
from collections.abc import Callable
from math import prod

import onnx
import tensorflow as tf
from tf2onnx import convert

OPSET = 18  # the newest that tf2onnx writes


def graph_of(
    function: Callable[[tf.Tensor], tf.Tensor],
    *,
    row_shape: tuple[int, ...],
    output_shape: tuple[int, ...] | None,
    dtype: str,
    output_name: str,
) -> onnx.ModelProto:
    """Return a function of flat rows as an ONNX model with the input ``X``.

    Parameters
    ----------
    function : callable
    row_shape : tuple of int
        Of a row, before it is flattened.
    output_shape : tuple of int or None
        To give to one row of the output; None leaves it as it is.
    dtype : {"float32", "float64"}
        Of the input.
    output_name : str

    Raises
    ------
    ValueError
        If a layer has no counterpart in ONNX.
    """

    def of_rows(X):
        n_rows = tf.shape(X)[0]
        # Runtimes stumble over no rows at all, and end the process where there is an LSTM.
        rows = tf.concat([X, tf.zeros((tf.maximum(1 - n_rows, 0), *row_shape), X.dtype)], axis=0)
        outputs = function(tf.reshape(rows, (-1, prod(row_shape))))
        if output_shape is not None:
            outputs = tf.reshape(outputs, (-1, *output_shape))
        return {output_name: outputs[:n_rows]}

    signature = [tf.TensorSpec((None, *row_shape), dtype, name="X")]
    traced = tf.function(of_rows, input_signature=signature, autograph=False)
    traced.get_concrete_function()  # what raises here says for itself what is wrong
    root = logging.getLogger()
    root.addFilter(_is_no_remark)
    try:
        model, _ = convert.from_function(traced, signature, opset=OPSET)
        onnx.checker.check_model(model)
    except Exception as error:  # tf2onnx raises whatever its parts do
        raise ValueError(
            "Expected layers and functions that tf2onnx can write as ONNX operators; received: "
            f"{error}\nReplace what it names."
        ) from error
    finally:
        root.removeFilter(_is_no_remark)
    return _with_input_named_x(model)


def _is_no_remark(record):
    """Tell whether a line for the log comes from elsewhere than tf2onnx."""
    return "tf2onnx" not in record.pathname


def _with_input_named_x(model):
    """Undo what TensorFlow makes of the name."""
    (rows,) = model.graph.input
    for node in model.graph.node:
        node.input[:] = ["X" if name == rows.name else name for name in node.input]
    rows.name = "X"
    return model
