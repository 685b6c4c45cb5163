"""Cost of a row when the data do not fit memory."""
