"""The networks of `benchmarks.articles` as estimators of skae, and what skae would use instead."""

from functools import partial

import keras

import skae
from benchmarks.articles import by_hand

BERNOULLI = {"loss": "binary_crossentropy", "output_activation": "sigmoid"}
OWN_BATCH = 256


def dense(code, *units, code_activation="relu"):
    """Return 784-units-code-units-784 with relu between."""
    return skae.DenseAutoencoder(
        code,
        hidden_layer_sizes=units,
        activation="relu",
        code_activation=code_activation,
        output_activation="sigmoid",
        init="random",
    )


def sparse():
    """Return the network of D2."""
    return skae.SparseAutoencoder(
        32, sparsity=1e-8, network=skae.DenseNetwork(()), output_activation="sigmoid"
    )


def contractive():
    """Return one sigmoid layer of 32 units, its Jacobian penalised."""
    return skae.ContractiveAutoencoder(
        32,
        contraction=0.1,
        network=skae.DenseNetwork(()),
        code_activation="sigmoid",
        output_activation="sigmoid",
    )


def feature_map():
    """Return the network of C1."""
    return skae.ConvAutoencoder(
        None,
        image_shape=(28, 28),
        filters=(16, 1),
        pooling="max",
        activation="relu",
        init="random",
    )


def convolutions():
    """Return the network of D4."""
    filters = (32, 16, 16)
    return skae.KerasAutoencoder(
        encoder=partial(by_hand.normalized_encoder, filters),
        decoder=partial(by_hand.normalized_decoder, filters, "sigmoid"),
    )


def denoising():
    """Return the network of D5."""
    filters = (32, 32, 32)
    network = skae.KerasNetwork(
        partial(by_hand.normalized_encoder, filters),
        partial(by_hand.normalized_decoder, filters, "linear"),
    )
    return skae.DenoisingAutoencoder(
        None, noise=0.5, clip=True, network=network, output_activation="sigmoid"
    )


def recurrent():
    """Return the network of D6."""
    return skae.SequenceAutoencoder(None, units=(64,), init="random")


def variational(network):
    """Return a variational autoencoder with a code of 2."""
    return skae.VariationalAutoencoder(2, network=network, output_activation="sigmoid")


def convolutional_variational():
    """Return the network of D8."""
    network = skae.ConvNetwork(
        (64, 64, 64),
        strides=(1, 2, 1),
        upsampling="transpose",
        hidden_layer_sizes=(128,),
        image_shape=(28, 28),
        activation="relu",
    )
    return variational(network)


def leaky():
    """Return the network of E1."""
    return skae.DenseAutoencoder(
        2,
        hidden_layer_sizes=(300,),
        activation="LeakyReLU",
        code_activation="LeakyReLU",
        output_activation="LeakyReLU",
        init="random",
    )


def _own_training(rate, epochs, steps):
    return {
        "learning_rate": keras.optimizers.schedules.CosineDecay(rate, epochs * steps),
        "epochs": epochs,
        "batch_size": OWN_BATCH,
        "validation_split": 0,
        "early_stopping": False,
    }


def own_dense(code, objective, epochs, steps):
    """Return a dense autoencoder as skae would train it."""
    return skae.DenseAutoencoder(
        code,
        hidden_layer_sizes=(512, 256),
        **objective,
        **_own_training(2e-3, epochs, steps),
    )


def own_denoising(epochs, steps):
    """Return a denoising autoencoder with as long a code as D5."""
    return skae.DenoisingAutoencoder(
        512,
        noise=0.5,
        clip=True,
        network=skae.DenseNetwork((1024,)),
        **BERNOULLI,
        **_own_training(1e-3, epochs, steps),
    )


def own_variational(epochs, steps):
    """Return a variational autoencoder with as long a code as D7 and D8."""
    return skae.VariationalAutoencoder(
        2,
        network=skae.DenseNetwork((512, 256)),
        **BERNOULLI,
        **_own_training(1e-3, epochs, steps),
    )


def own_sequence(epochs, steps):
    """Return an autoencoder with as long a code as D6."""
    return skae.DenseAutoencoder(64, epochs=epochs, batch_size=32, early_stopping=False)
