"""Pipelines as ONNX models, by skl2onnx with a converter for skae's estimators."""

import warnings
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, compose, helper, numpy_helper
from skl2onnx import to_onnx, update_registered_converter
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, Int64TensorType
from sklearn.base import BaseEstimator, is_classifier
from sklearn.pipeline import Pipeline

from skae.autoencoders._base import BaseAutoencoder
from skae.io._onnx_graphs import OPSET, graph_of
from skae.io._onnx_methods import traced
from skae.outlier import ReconstructionOutlierDetector

_OF_SKAE = BaseAutoencoder | ReconstructionOutlierDetector
_ML_OPSET = 3
_INPUT_TYPES = {"float32": FloatTensorType, "float64": DoubleTensorType}
_OUTPUT_TYPES = {
    "variable": lambda width: FloatTensorType([None, width]),
    "scores": lambda width: DoubleTensorType([None]),
    "label": lambda width: Int64TensorType([None]),
}


class OneMethod(BaseEstimator):
    """The last step of a Pipeline, reduced to one of its methods.

    Parameters
    ----------
    estimator : BaseAutoencoder or ReconstructionOutlierDetector
    method : str
    """

    def __init__(self, estimator, method):
        self.estimator = estimator
        self.method = method


def register() -> None:
    """Register the converter for every estimator that there is."""
    for kind in (OneMethod, ReconstructionOutlierDetector, *_subclasses(BaseAutoencoder)):
        update_registered_converter(
            kind, f"Skae{kind.__name__}", _keep_shapes, _convert, parser=_parse
        )


def estimator_graph(estimator: Any, method: str, dtype: str) -> onnx.ModelProto:
    """Return the ONNX model of a method of an estimator of skae's, or of an affine Pipeline."""
    part = traced(estimator)
    takes_codes = method == "inverse_transform"
    return graph_of(
        getattr(part, method),
        row_shape=(part.n_codes,) if takes_codes else part.row_shape,
        output_shape=part.row_shape if takes_codes or method == "reconstruct" else None,
        dtype="float32" if takes_codes else dtype,
        output_name=output_name(method),
    )


def pipeline_graph(pipeline: Pipeline, method: str, dtype: str) -> onnx.ModelProto:
    """Return the ONNX model of a method of a Pipeline.

    Raises
    ------
    ValueError
        If skl2onnx cannot convert a step, or the Pipeline has no such method.
    """
    if method in ("inverse_transform", "reconstruct"):
        return estimator_graph(pipeline, method, dtype)
    register()
    first, (name, last) = pipeline.steps[0][1], pipeline.steps[-1]
    if isinstance(last, _OF_SKAE):
        pipeline = Pipeline([*pipeline.steps[:-1], (name, OneMethod(last, method))])
    row_shape = first._row_shape if isinstance(first, _OF_SKAE) else (first.n_features_in_,)
    try:
        with warnings.catch_warnings():
            # skl2onnx reads attributes that scikit-learn will remove one day.
            warnings.simplefilter("ignore", FutureWarning)
            model = to_onnx(
                pipeline,
                initial_types=[("X", _INPUT_TYPES[dtype]([None, *row_shape]))],
                target_opset={"": OPSET, "ai.onnx.ml": _ML_OPSET},
                options={"zipmap": False} if is_classifier(last) else None,
            )
        return onnx.utils.Extractor(model).extract_model(["X"], [output_name(method)])
    except Exception as error:  # skl2onnx raises kinds of its own
        raise ValueError(
            f"Expected a Pipeline with {method} whose steps skl2onnx can convert; received: {error}"
        ) from error


def output_name(method: str) -> str:
    """Return the name that skl2onnx gives to outputs of this kind."""
    return {"score_samples": "scores", "predict": "label"}.get(method, "variable")


def _subclasses(kind):
    return [kind, *(each for child in kind.__subclasses__() for each in _subclasses(child))]


def _methods(model):
    """Return an estimator and those of its methods that its converter writes."""
    if isinstance(model, OneMethod):
        return model.estimator, [model.method]
    is_detector = isinstance(model, ReconstructionOutlierDetector)
    return model, ["predict", "score_samples"] if is_detector else ["transform"]


def _parse(scope, model, inputs, custom_parsers=None):
    operator = scope.declare_local_operator(f"Skae{type(model).__name__}", model)
    operator.inputs = inputs
    estimator, methods = _methods(model)
    for method in methods:
        name = output_name(method)
        width = None if name != "variable" else estimator._n_features_out
        operator.outputs.append(scope.declare_local_variable(name, _OUTPUT_TYPES[name](width)))
    return operator.outputs


def _keep_shapes(operator):
    """Leave shapes as the parser declared them."""


def _convert(scope, operator, container):
    (rows,) = operator.inputs
    dtype = "float64" if isinstance(rows.type, DoubleTensorType) else "float32"
    estimator, methods = _methods(operator.raw_operator)
    for method, output in zip(methods, operator.outputs, strict=True):
        prefix = scope.get_unique_operator_name(f"skae_{method}") + "_"
        graph = compose.add_prefix(estimator_graph(estimator, method, dtype), prefix).graph
        element = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        container.add_node("Cast", rows.full_name, graph.input[0].name, to=element)
        if any("" in (*node.input, *node.output) for node in graph.node):
            container.nodes.extend(_in_a_branch(graph, prefix))
        else:
            container.nodes.extend(graph.node)
            container.initializers.extend(graph.initializer)
        container.add_node("Identity", graph.output[0].name, output.full_name)


def _in_a_branch(graph, prefix):
    """Yield nodes that do what a graph does, as a branch that is taken if there are rows.

    skl2onnx sorts nodes by names, and cannot where optional inputs or outputs, as those of an LSTM,
    are left out, which have none; into branches it does not look.
    """
    (rows,), (output,) = graph.input, graph.output
    shape = [dimension.dim_value for dimension in output.type.tensor_type.shape.dim]
    dtype = helper.tensor_dtype_to_np_dtype(output.type.tensor_type.elem_type)
    nothing = numpy_helper.from_array(np.zeros((0, *shape[1:]), dtype))
    without_rows = helper.make_graph(
        [helper.make_node("Constant", [], [f"{prefix}nothing"], value=nothing)],
        f"{prefix}without_rows",
        [],
        [
            helper.make_tensor_value_info(
                f"{prefix}nothing", output.type.tensor_type.elem_type, None
            )
        ],
    )
    branch = onnx.GraphProto()
    branch.CopyFrom(graph)
    del branch.input[:]
    branch.output[0].name = f"{prefix}result"
    branch.node.add(op_type="Identity", input=[output.name], output=[f"{prefix}result"])
    yield helper.make_node("Size", [rows.name], [f"{prefix}size"])
    yield helper.make_node("Cast", [f"{prefix}size"], [f"{prefix}has_rows"], to=TensorProto.BOOL)
    yield helper.make_node(
        "If",
        [f"{prefix}has_rows"],
        [output.name],
        then_branch=branch,
        else_branch=without_rows,
    )
