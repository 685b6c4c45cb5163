"""The networks of a `contestants.Task`, written out in Keras and in PyTorch.

The convolutional one is a published Fashion-MNIST autoencoder: three convolutions without bias,
each with batch normalisation and pooling, to a 4×4 feature map; a decoder of convolutions, the
last of them 'valid', each with batch normalisation and upsampling.
"""

import numpy as np

SIDE = 28  # of the images that the convolutions take


def shaped(task, X):
    """Return flat rows as the network takes them."""
    return X.reshape(-1, SIDE, SIDE, 1) if task.kind == "conv" else X


def keras_model(task, n_features):
    """Return the uncompiled Keras model of a task."""
    import keras

    if task.kind == "conv":
        return keras.Sequential([keras_conv_encoder(task), keras_conv_decoder(task)])
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((n_features,)),
            *(layers.Dense(size, activation=task.activation) for size in task.units),
            layers.Dense(task.code, activation=task.code_activation),
            *(layers.Dense(size, activation=task.activation) for size in reversed(task.units)),
            layers.Dense(n_features, activation=task.output_activation),
        ]
    )


def keras_conv_encoder(task):
    """Return the convolutional encoder: image to 4×4 feature map."""
    import keras

    model = keras.Sequential([keras.Input((SIDE, SIDE, 1))], name="encoder")
    for filters in task.units:
        _add_keras_convolution(model, filters, "same", task.activation)
        model.add(keras.layers.MaxPooling2D(2, padding="same"))
    return model


def keras_conv_decoder(task):
    """Return the convolutional decoder: 4×4 feature map to image."""
    import keras

    model = keras.Sequential([keras.Input((4, 4, task.units[-1]))], name="decoder")
    for filters, padding in zip(reversed(task.units), ("same", "same", "valid"), strict=True):
        _add_keras_convolution(model, filters, padding, task.activation)
        model.add(keras.layers.UpSampling2D(2))
    model.add(keras.layers.Conv2D(1, 3, padding="same", activation=task.output_activation))
    return model


def _add_keras_convolution(model, filters, padding, activation):
    from keras import layers

    model.add(layers.Conv2D(filters, 3, padding=padding, use_bias=False))
    model.add(layers.BatchNormalization())
    model.add(layers.Activation(activation))


def torch_model(task, n_features):
    """Return the PyTorch module of a task."""
    import torch

    if task.kind == "conv":
        return _torch_convolutions(task).to(memory_format=torch.channels_last)
    sizes = [n_features, *task.units, task.code, *reversed(task.units), n_features]
    activations = [task.activation] * len(task.units)
    activations = [*activations, task.code_activation, *activations, task.output_activation]
    modules = []
    for i, activation in enumerate(activations):
        modules += [torch.nn.Linear(sizes[i], sizes[i + 1]), _torch_activation(activation)]
    return torch.nn.Sequential(*modules)


def torch_rows(task, X):
    """Return flat rows as the tensor that the module takes."""
    import torch

    rows = torch.from_numpy(X)
    if task.kind == "conv":
        rows = rows.reshape(-1, 1, SIDE, SIDE).contiguous(memory_format=torch.channels_last)
    return rows


def torch_output(model, task, X):
    """Return the reconstructions of flat rows by a trained module."""
    import torch

    model.eval()
    with torch.no_grad():
        return np.asarray(model(torch_rows(task, X)))


def _torch_convolutions(task):
    from torch import nn

    modules, channels = [], 1
    for filters in task.units:
        modules += _torch_convolution(channels, filters, 1, task.activation)
        modules.append(nn.MaxPool2d(2, ceil_mode=True))
        channels = filters
    for filters, padding in zip(reversed(task.units), (1, 1, 0), strict=True):
        modules += _torch_convolution(channels, filters, padding, task.activation)
        modules.append(nn.Upsample(scale_factor=2))
        channels = filters
    modules += [nn.Conv2d(channels, 1, 3, padding=1), _torch_activation(task.output_activation)]
    return nn.Sequential(*modules)


def _torch_convolution(channels, filters, padding, activation):
    from torch import nn

    return [
        nn.Conv2d(channels, filters, 3, padding=padding, bias=False),
        nn.BatchNorm2d(filters, eps=1e-3, momentum=0.01),  # as Keras has them
        _torch_activation(activation),
    ]


def _torch_activation(name):
    from torch import nn

    modules = {"linear": nn.Identity, "relu": nn.ReLU, "sigmoid": nn.Sigmoid, "silu": nn.SiLU}
    return modules[name]()
