"""
Your own Keras model
====================

You have a network, perhaps trained already. ``KerasAutoencoder`` cuts it at its code and makes a
transformer of it; your model is copied, never changed.
"""

# %%
# Any Keras model
# ---------------
#
# Functional, Sequential or nested. ``code_layer`` names the layer whose output is the code; without
# it the narrowest layer is taken.

import keras
from keras import layers
from sklearn.datasets import load_digits

from skae import KerasAutoencoder

X, y = load_digits(return_X_y=True)
X = X / 16

model = keras.Sequential(
    [
        keras.Input((64,)),
        layers.Dense(48, activation="relu", name="hidden"),
        layers.Dense(25, activation="relu", name="code"),
        layers.Dense(48, activation="relu", name="mirrored"),
        layers.Dense(64, activation="sigmoid", name="pixels"),
    ]
)
model.compile(optimizer=keras.optimizers.Adam(2e-3), loss="binary_crossentropy")
autoencoder = KerasAutoencoder(model, code_layer="code", epochs=40, random_state=0).fit(X)

# %%
# It is a transformer now
# -----------------------

from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier

print(autoencoder.transform(X).shape)
print(cross_val_score(KNeighborsClassifier(), autoencoder.transform(X), y).mean())

# %%
# The encoded state
# -----------------
#
# The 25 activations of the code, wrapped into a picture, below the digits that they stand for.

from skae.display import EncodedStateDisplay

EncodedStateDisplay.from_estimator(autoencoder, X, y, image_shape=(8, 8), random_state=0)

# %%
# Every layer
# -----------

from skae.display import LayerActivationsDisplay

LayerActivationsDisplay.from_estimator(
    autoencoder, X, y, samples=6, image_shape=(8, 8), random_state=0
)

# %%
# A function instead of a model
# -----------------------------
#
# A function that builds the model makes its sizes parameters, so that they can be searched.


def build(units, code_size, meta):
    n_features = meta["n_features_in_"]
    return keras.Sequential(
        [
            layers.Dense(units, activation="relu"),
            layers.Dense(code_size, name="code"),
            layers.Dense(units, activation="relu"),
            layers.Dense(n_features, activation="sigmoid"),
        ]
    )


searchable = KerasAutoencoder(
    build, code_layer="code", epochs=10, random_state=0, model__units=32, model__code_size=8
)
for code_size in (2, 8):
    print(code_size, searchable.set_params(model__code_size=code_size).fit(X).score(X))
