"""Codes of autoencoder and PCA compared on held-out rows."""
