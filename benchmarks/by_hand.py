"""Networks as tutorials write them in Keras: those of articles, and the twins of skae's objectives.

Every function returns a model that is not compiled yet. A term of the loss beside the one that
`compile` is given is added by a layer.
"""

from math import prod

from keras import Input, Model, Sequential, callbacks, layers, losses, ops, random, regularizers

SIDE = 28


def dense(
    units,
    code,
    *,
    n_features=SIDE * SIDE,
    activation="relu",
    code_activation="relu",
    output_activation="sigmoid",
    sparsity=None,
    noise=None,
):
    """Return features-units-code-units-features, noise in front and a penalty on the code."""
    penalty = None if sparsity is None else regularizers.L1(sparsity)
    return Sequential(
        [
            Input((n_features,)),
            *([] if noise is None else [layers.GaussianNoise(noise)]),
            *(layers.Dense(size, activation=activation) for size in units),
            layers.Dense(
                code, activation=code_activation, activity_regularizer=penalty, name="code"
            ),
            *(layers.Dense(size, activation=activation) for size in reversed(units)),
            layers.Dense(n_features, activation=output_activation),
        ]
    )


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


def normalized_convolutions(filters, output_activation="sigmoid"):
    return Sequential([normalized_encoder(filters), normalized_decoder(filters, output_activation)])


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


def recurrent(steps, units, *, channels=1, code=None):
    """Return a sequence read into one vector, repeated and written back; D6 has no other code."""
    return Sequential(
        [
            Input((steps, channels)),
            layers.LSTM(units),
            *([] if code is None else [layers.Dense(code)]),
            layers.RepeatVector(steps),
            layers.LSTM(units, return_sequences=True),
            layers.Dense(channels),
        ]
    )


def strided_convolutions(shape, filters, code):
    """Return convolutions of stride 2 to a code, and back by upsampling, cropped to the image."""
    model = Sequential([Input((*shape, 1))])
    sizes = [shape]
    for size in filters:
        model.add(layers.Conv2D(size, 3, strides=2, padding="same", activation="silu"))
        sizes.append(tuple(-(-side // 2) for side in sizes[-1]))
    model.add(layers.Flatten())
    model.add(layers.Dense(code))
    model.add(layers.Dense(prod(sizes[-1]) * filters[-1], activation="silu"))
    model.add(layers.Reshape((*sizes[-1], filters[-1])))
    for size, (height, width) in zip(reversed(filters), sizes[-2::-1], strict=True):
        model.add(layers.Conv2D(size, 3, padding="same", activation="silu"))
        model.add(layers.UpSampling2D(2))
        model.add(layers.Cropping2D(((0, height % 2), (0, width % 2))))
    model.add(layers.Conv2D(1, 3, padding="same"))
    return model


def deep_variational(n_features, units, code, weight):
    """Return a dense variational autoencoder whose divergence weighs so much."""
    inputs = features = Input((n_features,))
    for size in units:
        features = layers.Dense(size, activation="silu")(features)
    moments = [layers.Dense(code)(features), layers.Dense(code)(features)]
    features = GaussianCode(weight, samples_at_inference=False)(moments)
    return Model(inputs, _silu_decoder(features, units, n_features))


def deep_contractive(n_features, units, code, contraction):
    """Return a dense autoencoder whose encoder's Jacobian is penalised, by differences."""
    encoder = Sequential([Input((n_features,))])
    for size in units:
        encoder.add(layers.Dense(size, activation="silu"))
    encoder.add(layers.Dense(code))
    inputs = Input((n_features,))
    codes = _Contracted(encoder, contraction)(inputs)
    return Model(inputs, _silu_decoder(codes, units, n_features))


def concrete(n_features, units, code):
    """Return a dense decoder of features that are chosen; `annealing` cools the choice."""
    inputs = Input((n_features,))
    return Model(inputs, _silu_decoder(_ConcreteChoice(code)(inputs), units, n_features))


def annealing(model, temperatures):
    """Return callbacks that set the temperature of a model's choice, if it has one."""
    chosen = [layer for layer in model.layers if isinstance(layer, _ConcreteChoice)]

    def cool(epoch, logs):
        for layer in chosen:
            layer.temperature.assign(temperatures[min(epoch, len(temperatures) - 1)])

    return [callbacks.LambdaCallback(on_epoch_begin=cool)] if chosen else []


def _silu_decoder(features, units, n_features):
    for size in reversed(units):
        features = layers.Dense(size, activation="silu")(features)
    return layers.Dense(n_features)(features)


def dense_variational():
    pixels = Input((SIDE * SIDE,))
    hidden = layers.Dense(256, activation="relu")(pixels)
    code = GaussianCode()([layers.Dense(2)(hidden), layers.Dense(2)(hidden)])
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
    code = GaussianCode()([layers.Dense(2)(hidden), layers.Dense(2)(hidden)])
    hidden = layers.Dense(units, activation="relu")(code)
    hidden = layers.Dense(SIDE**2 // 4 * filters, activation="relu")(hidden)
    features = layers.Reshape((SIDE // 2, SIDE // 2, filters))(hidden)
    for stride in (1, 2, 1):
        features = convolution(layers.Conv2DTranspose, features, stride)
    return Model(pixels, layers.Conv2D(1, 3, padding="same", activation="sigmoid")(features))


def nats(targets, outputs):
    """Return cross-entropy, in nats an image: the loss of D7 and D8 beside the divergence."""
    shape = (ops.shape(targets)[0], SIDE * SIDE)
    targets, outputs = ops.reshape(targets, shape), ops.reshape(outputs, shape)
    return SIDE * SIDE * losses.binary_crossentropy(targets, outputs)


def _add_normalized_convolution(model, filters, padding):
    model.add(layers.Conv2D(filters, 3, padding=padding, use_bias=False))
    model.add(layers.BatchNormalization())
    model.add(layers.Activation("relu"))


class GaussianCode(layers.Layer):
    """Draws from N(mean, exp log_variance) and adds the divergence from N(0, I), weighted."""

    def __init__(self, weight=1.0, *, samples_at_inference=True):
        super().__init__()
        self.weight = weight
        self.samples_at_inference = samples_at_inference
        self.seed_generator = random.SeedGenerator()

    def call(self, inputs, training=None):
        mean, log_variance = inputs
        squares = ops.square(mean) + ops.exp(log_variance) - log_variance - 1
        self.add_loss(self.weight * 0.5 * ops.mean(ops.sum(squares, axis=-1)))
        if not training and not self.samples_at_inference:
            return mean
        noise = random.normal(ops.shape(mean), seed=self.seed_generator)
        return mean + ops.exp(0.5 * log_variance) * noise


class _Contracted(layers.Layer):
    """An encoder whose Jacobian is penalised, along one random direction a sample."""

    def __init__(self, encoder, contraction, step=1e-2):
        super().__init__()
        self.encoder, self.contraction, self.step = encoder, contraction, step
        self.seed_generator = random.SeedGenerator()

    def call(self, inputs, training=None):
        codes = self.encoder(inputs)
        if training:
            directions = random.normal(ops.shape(inputs), seed=self.seed_generator)
            slopes = (self.encoder(inputs + self.step * directions) - codes) / self.step
            self.add_loss(self.contraction * ops.mean(ops.sum(ops.square(slopes), axis=-1)))
        return codes


class _ConcreteChoice(layers.Layer):
    """Chooses features: softly in training, by Gumbel noise, the likeliest ones afterwards."""

    def __init__(self, n_chosen):
        super().__init__()
        self.n_chosen = n_chosen
        self.seed_generator = random.SeedGenerator()

    def build(self, input_shape):
        shape = (self.n_chosen, input_shape[-1])
        self.logits = self.add_weight(shape=shape, initializer="glorot_normal")
        self.temperature = self.add_weight(shape=(), initializer="ones", trainable=False)

    def call(self, inputs, training=None):
        if not training:
            return ops.take(inputs, ops.argmax(self.logits, axis=-1), axis=-1)
        drawn = random.uniform(self.logits.shape, minval=1e-7, seed=self.seed_generator)
        gumbel = -ops.log(-ops.log(drawn))
        weights = ops.softmax((self.logits + gumbel) / self.temperature, axis=-1)
        return ops.matmul(inputs, ops.transpose(weights))
