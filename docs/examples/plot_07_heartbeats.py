"""
Series: heartbeats of unequal kinds
===================================

A series is a row whose features have an order. A convolutional or recurrent autoencoder uses it;
what comes back is a smooth beat, and a beat of another kind comes back wrong.
"""

# %%
# Beats
# -----
#
# Simulated: a sum of bumps for the waves of a beat, a little different each time. In the second
# kind one bump is missing and another one comes early.

import numpy as np

rng = np.random.default_rng(0)
time = np.linspace(0, 1, 96)


def beats(n, *, arrhythmic):
    place = np.array([0.2, 0.38, 0.42, 0.46, 0.55 if arrhythmic else 0.7])
    height = np.array([0.0 if arrhythmic else 0.25, -0.2, 1.0, -0.3, 0.35])
    width = np.array([0.03, 0.01, 0.012, 0.012, 0.05])
    place = place + rng.normal(scale=0.01, size=(n, 5))
    height = height * rng.normal(1, 0.15, size=(n, 5))
    bumps = np.exp(-0.5 * ((time[:, None] - place[:, None]) / width) ** 2)
    return (bumps * height[:, None]).sum(axis=2) + rng.normal(scale=0.02, size=(n, 96))


X_train = beats(600, arrhythmic=False)
X_test = np.concatenate([beats(100, arrhythmic=False), beats(100, arrhythmic=True)])
kind = np.repeat(["regular", "arrhythmic"], 100)

# %%
# Train on regular beats
# ----------------------
#
# A network of one-dimensional convolutions; ``SequenceAutoencoder`` has an LSTM in its place and
# takes the same rows.

from skae import ConvAutoencoder

autoencoder = ConvAutoencoder(
    n_components=6, image_shape=(96,), filters=(16, 16), kernel_size=7, random_state=0
).fit(X_train)
print(f"R² of regular beats {autoencoder.score(X_test[:100]):.3f}")

# %%
# One of each kind
# ----------------

from skae.display import ReconstructionDisplay

ReconstructionDisplay.from_estimator(autoencoder, X_test, kind, samples=[0, 100])

# %%
# Errors of both kinds
# --------------------

from skae.display import ReconstructionErrorDisplay

ReconstructionErrorDisplay.from_estimator(autoencoder, X_test, kind)

# %%
# What the code says
# ------------------
#
# One component after another moves from its lowest to its highest value, the others at rest: how
# high a wave is, and when it comes.

from skae.display import LatentTraversalDisplay

LatentTraversalDisplay.from_estimator(autoencoder, X_train)
