"""Benchmarks of skae: one question a script, answered with one report."""

import os


class BenchmarkError(Exception):
    """What was asked for cannot be measured; the message says what to do about it."""


def start_keras():
    """Import Keras and wake its device, without what TensorFlow's C++ writes meanwhile.

    Returns
    -------
    module
        `keras`
    """
    terminal = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
        try:
            import keras

            keras.ops.zeros(1)
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)
    return keras
