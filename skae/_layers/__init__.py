"""Keras layers that networks and objectives are built from."""

from skae._layers._standardization import Standardization

__all__ = ["Standardization"]
