"""The estimators: one objective a file, over a common base."""
