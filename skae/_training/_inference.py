"""Rows through an encoder, a decoder or both, in large batches and without ``Model.predict``."""

from enum import Enum

import keras
import numpy as np

from skae._training._graph import autoencoder_core, decoder_core, encoder_core

_ROWS_AT_ONCE = 8192


class Mapping(Enum):
    """Which part of an autoencoder to apply."""

    ENCODE = "encode"
    DECODE = "decode"
    RECONSTRUCT = "reconstruct"


_CORES = {
    Mapping.ENCODE: encoder_core,
    Mapping.DECODE: decoder_core,
    Mapping.RECONSTRUCT: autoencoder_core,
}


def apply_model(model: keras.Model, mapping: Mapping, rows: np.ndarray) -> np.ndarray:
    """Return the float32 output of a part of ``model`` for standardised rows or codes."""
    core = _CORES[mapping](model)
    outputs = np.empty((len(rows), *core.output.shape[1:]), dtype=np.float32)
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        stop = start + _ROWS_AT_ONCE
        chunk = keras.ops.convert_to_tensor(rows[start:stop])
        outputs[start:stop] = keras.ops.convert_to_numpy(core(chunk, training=False))
    return outputs
