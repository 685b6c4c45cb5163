"""Whether a model works row by row, so that rows may be added to a batch or left out."""

import keras
from keras import layers

from skae import layers as own_layers
from skae._compat import calls, functional_class, is_own_operation, layers_directly_in
from skae.engine._proof import unknown_parts

_ROW_BY_ROW = (
    layers.InputLayer,
    layers.Identity,
    layers.Activation,
    layers.ReLU,
    layers.LeakyReLU,
    layers.ELU,
    layers.PReLU,
    layers.Dense,
    layers.Embedding,
    layers.Conv1D,
    layers.Conv2D,
    layers.Conv3D,
    layers.Conv1DTranspose,
    layers.Conv2DTranspose,
    layers.Conv3DTranspose,
    layers.SeparableConv1D,
    layers.SeparableConv2D,
    layers.DepthwiseConv1D,
    layers.DepthwiseConv2D,
    layers.AveragePooling1D,
    layers.AveragePooling2D,
    layers.AveragePooling3D,
    layers.MaxPooling1D,
    layers.MaxPooling2D,
    layers.MaxPooling3D,
    layers.GlobalAveragePooling1D,
    layers.GlobalAveragePooling2D,
    layers.GlobalMaxPooling1D,
    layers.GlobalMaxPooling2D,
    layers.UpSampling1D,
    layers.UpSampling2D,
    layers.UpSampling3D,
    layers.ZeroPadding1D,
    layers.ZeroPadding2D,
    layers.ZeroPadding3D,
    layers.Cropping1D,
    layers.Cropping2D,
    layers.Cropping3D,
    layers.Flatten,
    layers.Reshape,
    layers.Permute,
    layers.RepeatVector,
    layers.Rescaling,
    layers.Normalization,
    layers.Masking,
    layers.Add,
    layers.Subtract,
    layers.Multiply,
    layers.Average,
    layers.Maximum,
    layers.Minimum,
    layers.Dropout,
    layers.SpatialDropout1D,
    layers.SpatialDropout2D,
    layers.SpatialDropout3D,
    layers.SimpleRNNCell,
    layers.LSTMCell,
    layers.GRUCell,
    layers.TimeDistributed,
    layers.Bidirectional,
    layers.AlphaDropout,
    layers.GaussianDropout,
    layers.GaussianNoise,
    own_layers.ConcreteSelection,
    own_layers.ContractionPenalty,
    own_layers.GaussianCode,
    own_layers.GaussianCorruption,
    own_layers.LayerCorruption,
    own_layers.MaskingCorruption,
    own_layers.SaltAndPepperCorruption,
    own_layers.SparsityPenalty,
    own_layers.Standardization,
)
_ALONG_AN_AXIS = (
    layers.Concatenate,
    layers.LayerNormalization,
    layers.RMSNormalization,
    layers.Softmax,
    layers.UnitNormalization,
)
_OVER_TIME = (
    layers.SimpleRNN,
    layers.LSTM,
    layers.GRU,
)
_ROW_BY_ROW_IN_USE = (
    layers.BatchNormalization,
    own_layers.FusedBatchNormalization,
    own_layers.SwapCorruption,
)
_ELEMENT_WISE = (
    "Absolute",
    "Add",
    "Cast",
    "Clip",
    "Divide",
    "Elu",
    "Exp",
    "Gelu",
    "LeakyRelu",
    "Log",
    "Maximum",
    "Minimum",
    "Multiply",
    "Negative",
    "Power",
    "Relu",
    "Selu",
    "Sigmoid",
    "Silu",
    "Softplus",
    "Sqrt",
    "Square",
    "Subtract",
    "Tanh",
    "TrueDivide",
)


def mixes_rows(core: keras.Model, *, training: bool = True) -> bool:
    """Tell whether an output of a model may depend on more than one row of the batch.

    Only what is known to work row by row does not: layers of known classes with known parts, and
    element-wise operations between layers.

    Parameters
    ----------
    core : keras.Model
    training : bool, default=True
        Whether the model is trained; batch normalization mixes rows only then.
    """
    return not _is_row_by_row(core, training)


def _is_row_by_row(operation, training):
    kind = type(operation)
    if kind is functional_class():
        return all(_is_row_by_row(inner, training) for inner in operation.operations)
    if kind is keras.Sequential:
        return all(_is_row_by_row(layer, training) for layer in operation.layers)
    if not isinstance(operation, layers.Layer):
        return _is_element_wise(operation)
    inner = layers_directly_in(operation)
    if unknown_parts(operation) or not all(_is_row_by_row(layer, training) for layer in inner):
        return False
    if kind in _ALONG_AN_AXIS:
        return all(axis == -1 or axis > 0 for axis in keras.tree.flatten(operation.axis))
    if kind in _OVER_TIME:
        return not operation.stateful
    return kind in _ROW_BY_ROW or (not training and kind in _ROW_BY_ROW_IN_USE)


def _is_element_wise(operation):
    """Tell whether an operation works entry by entry on tensors that all have a row an axis."""
    kind = type(operation)
    known = kind.__name__ in _ELEMENT_WISE and is_own_operation(kind)
    ranks = {
        len(tensor.shape)
        for node in calls(operation)
        for tensor in [*node.arguments.keras_tensors, *node.output_tensors]
    }
    return known and len(ranks) == 1
