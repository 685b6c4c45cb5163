"""The networks of `benchmarks.articles` as their tutorials write them in Keras.

Every function returns a model that is not compiled yet. A term of the loss beside the one that
`compile` is given is added by a layer.
"""

from keras import Input, Model, Sequential, layers, losses, ops, random, regularizers

SIDE = 28


def dense(units, code, *, code_activation="relu", output_activation="sigmoid", sparsity=None):
    """Return 784-units-code-units-784 with relu between."""
    penalty = None if sparsity is None else regularizers.L1(sparsity)
    return Sequential(
        [
            Input((SIDE * SIDE,)),
            *(layers.Dense(size, activation="relu") for size in units),
            layers.Dense(code, activation=code_activation, activity_regularizer=penalty),
            *(layers.Dense(size, activation="relu") for size in reversed(units)),
            layers.Dense(SIDE * SIDE, activation=output_activation),
        ]
    )


def sequential_50():
    """Return the network of A1, layer after layer."""
    return Sequential(
        [
            Input((SIDE * SIDE,)),
            layers.Dense(50, activation="relu", kernel_initializer="he_normal", name="code"),
            layers.Dense(SIDE * SIDE, activation="sigmoid", name="pixels"),
        ]
    )


def functional_50():
    """Return the network of A1 as a graph."""
    pixels = Input((SIDE * SIDE,))
    code = layers.Dense(50, activation="relu", kernel_initializer="he_normal", name="code")(pixels)
    return Model(pixels, layers.Dense(SIDE * SIDE, activation="sigmoid", name="pixels")(code))


def leaky():
    """Return the network of E1: a LeakyReLU after every layer."""
    model = Sequential([Input((SIDE * SIDE,))])
    for size in (300, 2, 300, SIDE * SIDE):
        model.add(layers.Dense(size))
        model.add(layers.LeakyReLU())
    return model


def feature_map_49():
    """Return the network of C1, whose code is an image of 7×7 pixels."""

    def convolution(filters, activation="relu"):
        return layers.Conv2D(filters, 3, padding="same", activation=activation)

    return Sequential(
        [
            Input((SIDE, SIDE, 1)),
            convolution(16),
            layers.MaxPooling2D(2),
            convolution(1),
            layers.MaxPooling2D(2),
            convolution(1),
            layers.UpSampling2D(2),
            convolution(16),
            layers.UpSampling2D(2),
            convolution(1, activation="linear"),
        ]
    )


def normalized_convolutions(filters):
    """Return the network of D4 and D5."""
    encoder, decoder = normalized_encoder(filters), normalized_decoder(filters, "sigmoid")
    return Sequential([encoder, decoder])


def normalized_encoder(filters):
    """Return convolutions with batch normalisation and pooling: image to 4×4 feature map."""
    model = Sequential([Input((SIDE, SIDE, 1))], name="encoder")
    for size in filters:
        _add_normalized_convolution(model, size, "same")
        model.add(layers.MaxPooling2D(2, padding="same"))
    return model


def normalized_decoder(filters, output_activation):
    """Return the way back: the last convolution before upsampling is a 'valid' one, 16 to 14."""
    model = Sequential([Input((4, 4, filters[-1]))], name="decoder")
    for size, padding in zip(reversed(filters), ("same", "same", "valid"), strict=True):
        _add_normalized_convolution(model, size, padding)
        model.add(layers.UpSampling2D(2))
    model.add(layers.Conv2D(1, 3, padding="same", activation=output_activation))
    return model


def recurrent(steps, units):
    """Return the network of D6: a sequence read into one vector, repeated and written back."""
    return Sequential(
        [
            Input((steps, 1)),
            layers.LSTM(units),
            layers.RepeatVector(steps),
            layers.LSTM(units, return_sequences=True),
            layers.Dense(1),
        ]
    )


def dense_variational():
    """Return the network of D7."""
    pixels = Input((SIDE * SIDE,))
    hidden = layers.Dense(256, activation="relu")(pixels)
    code = _GaussianCode()([layers.Dense(2)(hidden), layers.Dense(2)(hidden)])
    hidden = layers.Dense(256, activation="relu")(code)
    return Model(pixels, layers.Dense(SIDE * SIDE, activation="sigmoid")(hidden))


def convolutional_variational(filters, units):
    """Return the network of D8, with one of three convolutions of stride 2."""

    def convolution(layer, features, stride=1):
        return layer(filters, 3, strides=stride, padding="same", activation="relu")(features)

    pixels = features = Input((SIDE, SIDE, 1))
    for stride in (1, 2, 1):
        features = convolution(layers.Conv2D, features, stride)
    hidden = layers.Dense(units, activation="relu")(layers.Flatten()(features))
    code = _GaussianCode()([layers.Dense(2)(hidden), layers.Dense(2)(hidden)])
    hidden = layers.Dense(units, activation="relu")(code)
    hidden = layers.Dense(SIDE**2 // 4 * filters, activation="relu")(hidden)
    features = layers.Reshape((SIDE // 2, SIDE // 2, filters))(hidden)
    for stride in (1, 2, 1):
        features = convolution(layers.Conv2DTranspose, features, stride)
    return Model(pixels, layers.Conv2D(1, 3, padding="same", activation="sigmoid")(features))


def contractive(code, contraction):
    """Return one sigmoid layer of `code` units, whose Jacobian's squared norm is penalised."""
    pixels = Input((SIDE * SIDE,))
    codes = _ContractedCode(code, contraction)(pixels)
    return Model(pixels, layers.Dense(SIDE * SIDE, activation="sigmoid")(codes))


def nats(targets, outputs):
    """Return cross-entropy, in nats an image: the loss of D7 and D8 beside the divergence."""
    shape = (ops.shape(targets)[0], SIDE * SIDE)
    targets, outputs = ops.reshape(targets, shape), ops.reshape(outputs, shape)
    return SIDE * SIDE * losses.binary_crossentropy(targets, outputs)


def _add_normalized_convolution(model, filters, padding):
    model.add(layers.Conv2D(filters, 3, padding=padding, use_bias=False))
    model.add(layers.BatchNormalization())
    model.add(layers.Activation("relu"))


class _GaussianCode(layers.Layer):
    """Draws from N(mean, exp log_variance) and adds the divergence from N(0, I)."""

    def __init__(self):
        super().__init__()
        self.seed_generator = random.SeedGenerator()

    def call(self, inputs):
        mean, log_variance = inputs
        squares = ops.square(mean) + ops.exp(log_variance) - log_variance - 1
        self.add_loss(0.5 * ops.mean(ops.sum(squares, axis=-1)))
        noise = random.normal(ops.shape(mean), seed=self.seed_generator)
        return mean + ops.exp(0.5 * log_variance) * noise


class _ContractedCode(layers.Dense):
    """A sigmoid layer that adds the mean over its units of their squared gradients."""

    def __init__(self, units, contraction):
        super().__init__(units, activation="sigmoid")
        self.contraction = contraction

    def call(self, inputs):
        codes = super().call(inputs)
        slopes = ops.square(codes * (1 - codes))
        norms = ops.matmul(slopes, ops.sum(ops.square(self.kernel), axis=0)[:, None])
        self.add_loss(self.contraction / self.units * ops.mean(norms))
        return codes
