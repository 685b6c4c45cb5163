"""Samples as callers give them: checked, in blocks, as frames and as windows of a series."""
