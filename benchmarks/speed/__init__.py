"""Training time beside that of other libraries."""
