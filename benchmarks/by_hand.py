"""Networks as tutorials write them in Keras, the twins of skae's.

Every function returns a model that is not compiled yet. A term of the loss beside the one that
`compile` is given is added by a layer.
"""

from math import prod

from keras import Input, Model, Sequential, layers, ops, optimizers, random, regularizers
from keras.callbacks import LambdaCallback

SIDE = 28


def dense(
    units,
    code,
    *,
    n_features,
    activation,
    code_activation,
    output_activation,
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


def trained(model, X, *, learning_rate, loss="mse", callbacks=None, **settings):
    """Compile and train a model on flat rows, and return a function that reconstructs such."""
    shape = model.input_shape[1:]
    rows = X.reshape(-1, *shape)
    model.compile(optimizer=optimizers.Adam(learning_rate), loss=loss)
    model.fit(rows, rows, callbacks=callbacks, verbose=0, **settings)
    return lambda X: ops.convert_to_numpy(model(X.reshape(-1, *shape)))


def normalized_convolutions(filters, output_activation):
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


def recurrent(steps, units, *, channels, code):
    """Return a sequence read into a code, which is repeated and written back."""
    return Sequential(
        [
            Input((steps, channels)),
            layers.LSTM(units),
            layers.Dense(code),
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
    features = _GaussianCode(weight)(moments)
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

    return [LambdaCallback(on_epoch_begin=cool)] if chosen else []


def _silu_decoder(features, units, n_features):
    for size in reversed(units):
        features = layers.Dense(size, activation="silu")(features)
    return layers.Dense(n_features)(features)


def _add_normalized_convolution(model, filters, padding):
    model.add(layers.Conv2D(filters, 3, padding=padding, use_bias=False))
    model.add(layers.BatchNormalization())
    model.add(layers.Activation("relu"))


class _GaussianCode(layers.Layer):
    """Draws from N(mean, exp log_variance) in training, and adds the divergence from N(0, I)."""

    def __init__(self, weight):
        super().__init__()
        self.weight = weight
        self.seed_generator = random.SeedGenerator()

    def call(self, inputs, training=None):
        mean, log_variance = inputs
        squares = ops.square(mean) + ops.exp(log_variance) - log_variance - 1
        self.add_loss(self.weight * 0.5 * ops.mean(ops.sum(squares, axis=-1)))
        if not training:
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
