"""One Keras model from a network, a code and a scale; and a Keras model taken apart again."""
