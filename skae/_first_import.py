"""Imports Keras quietly, for rooms that a pickle may be the first to enter."""

from skae._quiet import import_keras

import_keras()
