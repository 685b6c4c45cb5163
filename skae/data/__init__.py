"""Input data: validation, blocks, DataFrames, and windows of a series."""
