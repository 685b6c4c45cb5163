"""Benchmarks of skae: one question a script, answered with one report."""

import argparse
import os


class BenchmarkError(Exception):
    """What was asked for cannot be measured; the message says what to do about it."""


def start_keras():
    """Import Keras and wake its device, without what TensorFlow's C++ writes meanwhile."""
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


def integer(minimum):

    def parse(text):
        if not text.lstrip("-").isdecimal() or int(text) < minimum:
            raise argparse.ArgumentTypeError(
                f"expected an integer of at least {minimum}, received {text!r}"
            )
        return int(text)

    return parse
