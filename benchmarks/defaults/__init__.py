"""The measurement behind the default parameters."""
