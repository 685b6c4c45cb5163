"""The engine: compiled epochs, their cache, and scikeras.

Estimators call six things: :func:`make_loss` and :func:`compile_model` give a Keras model its loss
and optimizer, :func:`split_rows` prepares the data, :func:`train_model` runs epochs,
:func:`apply_model` maps rows through an encoder, a decoder or both, and
:func:`clear_compiled_programs` forgets what was compiled.
"""

from skae.engine._activations import activation_layer_class, activation_name
from skae.engine._arguments import (
    at_new_rate,
    compile_model,
    make_callbacks,
    make_loss,
)
from skae.engine._batches import resolved_batch_size
from skae.engine._devices import check_strategy
from skae.engine._disk_cache import use_disk_cache
from skae.engine._inference import Mapping, apply_model, maps_rows_alone
from skae.engine._interrupts import interrupts_as_such
from skae.engine._loop import train_model
from skae.engine._metrics import EpochMetrics, make_metrics
from skae.engine._optimizers import config_of, is_optimizer_of_keras
from skae.engine._own_state import load_own_states, own_states
from skae.engine._programs import clear_compiled_programs
from skae.engine._recording import Finish, Standing, TrainingRecorder
from skae.engine._rows import Rows, StreamedRows, split_rows
from skae.engine._run import DivergedError, TrainingPlan, TrainingResult, warn_interrupted
from skae.engine._variables import array_of, load, values_of
from skae.engine._workers import check_process, is_forked, keep_to_share

__all__ = [
    "DivergedError",
    "EpochMetrics",
    "Finish",
    "Mapping",
    "Rows",
    "Standing",
    "StreamedRows",
    "TrainingPlan",
    "TrainingRecorder",
    "TrainingResult",
    "activation_layer_class",
    "activation_name",
    "apply_model",
    "array_of",
    "at_new_rate",
    "check_process",
    "check_strategy",
    "clear_compiled_programs",
    "compile_model",
    "config_of",
    "interrupts_as_such",
    "is_forked",
    "is_optimizer_of_keras",
    "load",
    "load_own_states",
    "make_callbacks",
    "make_loss",
    "make_metrics",
    "maps_rows_alone",
    "own_states",
    "resolved_batch_size",
    "split_rows",
    "train_model",
    "values_of",
    "warn_interrupted",
]

keep_to_share()
use_disk_cache()
