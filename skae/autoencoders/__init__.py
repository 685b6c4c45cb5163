"""The estimators: one objective a file, over a common base."""

from skae import _first_import as _first_import
