"""Keras models, layers and losses by value, for clones, pickles and files."""

from skae.packing._layers import PackedGraph, PackedLayer, is_graph, packed, renamed
from skae.packing._models import KerasHolder, PackedLoss, PackedModel

__all__ = [
    "KerasHolder",
    "PackedGraph",
    "PackedLayer",
    "PackedLoss",
    "PackedModel",
    "is_graph",
    "packed",
    "renamed",
]
