"""Build one Keras model from network, code and scale; split a Keras model at its code."""
