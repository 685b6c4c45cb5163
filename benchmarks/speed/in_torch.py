"""The networks of a `tasks.Task`, written out in PyTorch as `by_hand` writes them in Keras."""

import numpy as np
import torch
from torch import nn

from benchmarks.by_hand import SIDE

ACTIVATIONS = {"linear": nn.Identity, "relu": nn.ReLU, "sigmoid": nn.Sigmoid, "silu": nn.SiLU}


def model(task, n_features):
    if task.kind == "conv":
        return _convolutions(task).to(memory_format=torch.channels_last)
    sizes = [n_features, *task.units, task.code, *reversed(task.units), n_features]
    hidden = [task.activation] * len(task.units)
    activations = [*hidden, task.code_activation, *hidden, task.output_activation]
    modules = []
    for i, activation in enumerate(activations):
        modules += [nn.Linear(sizes[i], sizes[i + 1]), ACTIVATIONS[activation]()]
    return nn.Sequential(*modules)


def rows(task, X):
    tensor = torch.from_numpy(X)
    if task.kind == "conv":
        tensor = tensor.reshape(-1, 1, SIDE, SIDE).contiguous(memory_format=torch.channels_last)
    return tensor


def output(module, task, X):
    module.eval()
    with torch.no_grad():
        return np.asarray(module(rows(task, X)))


def _convolutions(task):
    modules, channels = [], 1
    for filters in task.units:
        modules += [*_convolution(channels, filters, 1, task), nn.MaxPool2d(2, ceil_mode=True)]
        channels = filters
    for filters, padding in zip(reversed(task.units), (1, 1, 0), strict=True):
        modules += [*_convolution(channels, filters, padding, task), nn.Upsample(scale_factor=2)]
        channels = filters
    modules += [nn.Conv2d(channels, 1, 3, padding=1), ACTIVATIONS[task.output_activation]()]
    return nn.Sequential(*modules)


def _convolution(channels, filters, padding, task):
    return [
        nn.Conv2d(channels, filters, 3, padding=padding, bias=False),
        nn.BatchNorm2d(filters, eps=1e-3, momentum=0.01),  # as Keras has them
        ACTIVATIONS[task.activation](),
    ]
