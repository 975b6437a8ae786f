"""`AdversarialModel`: a generator and a discriminator that play a game."""

import numbers
import re

from gan_keras import latent, losses
from gan_keras.generative import GenerativeModel, copy_of

import keras
import tensorflow as tf


class AdversarialModel(GenerativeModel):
    """Adds to `GenerativeModel` what adversarial models share: the game and averaged weights.

    Tracked, as means over an epoch: `d_loss`, `g_loss`, and `d_real`, `d_fake`, the mean of D on
    real and on generated images: the probability of being real where the loss defines one
    (`losses.PROBABILISTIC`), else the raw output.

    Args:
        image_shape: see `GenerativeModel`.
        average: decay of the exponential moving average of a generator's weights, from which
            images are drawn (Yazici et al. 2019, arXiv:1806.04498); None draws from the weights
            that are trained.
        seed, num_classes: see `GenerativeModel`.
    """

    tracked = ("d_loss", "g_loss", "d_real", "d_fake")

    def __init__(self, image_shape, average: float | None = 0.99, seed=None, **kwargs):
        super().__init__(image_shape, seed=seed, **kwargs)
        if average is not None and not (isinstance(average, numbers.Real) and 0 <= average < 1):
            raise ValueError(f"average is {average!r}; it must be None or lie in [0, 1).")
        self.average = average

    def compile(self, optimizers, *, loss="non_saturating", **kwargs):
        """As `GenerativeModel.compile`.

        Args:
            optimizers: see `GenerativeModel.compile`.
            loss: a name in `losses.GAMES`, or a pair of callables.
            **kwargs: `steps_per_execution`, `jit_compile`, `run_eagerly`.
        """
        self.d_loss_fn, self.g_loss_fn = losses.get(loss)
        self._probabilistic = loss in losses.PROBABILISTIC if isinstance(loss, str) else False
        super().compile(optimizers, {"loss": loss}, **kwargs)

    def get_config(self):
        return {**super().get_config(), "average": self.average}

    def score(self, logits):
        """Mean of D over a batch of logits, for `d_real` and `d_fake`."""
        logits = tf.cast(logits, tf.float32)
        return tf.reduce_mean(tf.sigmoid(logits) if self._probabilistic else logits)

    def averaged_copy(self, network: keras.Model) -> keras.Model:
        """The network that `update_average` will keep; `network` itself without averaging."""
        if self.average is None:
            return network
        copy = copy_of(network)
        copy.name, copy.trainable = f"averaged_{network.name}", False
        return copy

    def update_average(self, averaged: keras.Model, network: keras.Model) -> None:
        """averaged <- decay * averaged + (1 - decay) * network; statistics are copied.

        The decay grows to `average` over the first steps, so that the random initial weights do
        not linger: min(average, (1 + step) / (10 + step)), as `tf.train.ExponentialMovingAverage`.
        """
        if averaged is network:
            return
        step = tf.cast(self.step, tf.float32)
        decay = tf.minimum(tf.constant(self.average, tf.float32), (1 + step) / (10 + step))

        going_on = tf.cast(self.lost_at < 0, tf.float32)  # Not towards weights that are lost.
        trained, copied = going_on * (1 - decay), going_on

        def assign(mean, weight, rate):
            # One operation reads and writes the mean, in place of two.
            tf.raw_ops.ResourceApplyGradientDescent(
                var=mean.handle, alpha=tf.cast(rate, mean.dtype), delta=mean - weight
            )

        def move(strategy):
            for mean, weight in zip(averaged.weights, network.weights, strict=True):
                rate = trained if weight.trainable else copied
                strategy.extended.update(mean.value, assign, args=(weight.value, rate), group=False)

        # On several replicas a variable may only be written once for all of them.
        tf.distribute.get_replica_context().merge_call(move)


def check_networks(generator, discriminator, latent_dim, image_shape, num_classes=0) -> None:
    """Refuses networks that do not fit each other, and builds those that are not yet built.

    Args:
        generator: (batch, latent_dim) -> (batch, *image_shape).
        discriminator: (batch, *image_shape) -> (batch, 1) logits.
        num_classes: if not 0, both take a list of two, the second (batch, num_classes).

    Raises:
        ValueError: says which network takes or gives what, and what is needed; also for a
            discriminator that ends in a sigmoid.
    """
    latent.check_dim(latent_dim)
    told = [(num_classes,)] if num_classes else []
    check_shapes(generator, "generator", [(latent_dim,), *told], tuple(image_shape))
    check_shapes(discriminator, "discriminator", [tuple(image_shape), *told], (1,))
    check_logits(discriminator)


def check_logits(discriminator) -> None:
    """Refuses a discriminator that ends in a sigmoid, with a ValueError."""
    last = _last_layer(discriminator)
    activation = getattr(last, "activation", None)
    # TensorFlow's function and Keras' are of the same name.
    names = {getattr(activation, "__name__", ""), type(last).__name__.lower()}
    if "sigmoid" in names:
        raise ValueError(
            f"The discriminator ends in a sigmoid ({last.name!r}); it must give logits. "
            "Leave the activation out: the losses apply it, and stay finite where it would round "
            "to 0 or 1."
        )


def _last_layer(network, output=0):
    """The layer or operation that gives an output, looked for in networks inside networks too."""
    outputs = getattr(network, "outputs", None)
    if outputs:
        history = outputs[output]._keras_history
        return _last_layer(history.operation, history.tensor_index)
    layers = getattr(network, "layers", None)
    return _last_layer(layers[-1]) if layers else network


def outputs_of(network, role, takes):
    """What `network` gives for symbolic batches of shapes `takes`; raises where it cannot."""
    needed = _named(takes)
    name = getattr(network, "name", network)
    if not callable(network):
        raise ValueError(
            f"The {role} is {network!r}; it must be a keras.Model that takes a batch of shape "
            f"{needed}."
        )
    try:
        inputs = [keras.KerasTensor((None, *shape)) for shape in takes]
        outputs = network(inputs if len(inputs) > 1 else inputs[0])
    except Exception as error:
        raise ValueError(
            f"The {role} must take a batch of shape {needed}; calling {name!r} on one failed: "
            f"{_in_short(error)}"
        ) from error
    # A Sequential model lets through what its layers cannot compute.
    declared = getattr(network, "input_shape", None)
    declared = declared if isinstance(declared, list) else [declared]
    if None not in declared and [tuple(shape[1:]) for shape in declared] != takes:
        given = " and ".join(str(shape[1:]) for shape in declared)
        raise ValueError(f"The {role} {name!r} takes {given}; it must take {needed}.")
    return outputs


def check_shapes(network, role, takes, gives) -> None:
    """Calls `network` on symbolic batches of shapes `takes`; raises unless it gives `gives`.

    None in `gives` stands for any number.
    """
    check_output(outputs_of(network, role, takes), network, role, takes, gives)


def check_output(output, network, role, takes, gives) -> None:
    """Raises unless an output of `network`, see `outputs_of`, is one batch of shape `gives`."""
    name = getattr(network, "name", network)
    if not hasattr(output, "shape"):
        raise ValueError(
            f"The {role} {name!r} gives {len(keras.tree.flatten(output))} outputs; it must give "
            f"one, {_named([gives])}."
        )
    output = tuple(output.shape[1:])
    fits = len(output) == len(gives) and all(
        b is None or a == b for a, b in zip(output, gives, strict=True)
    )
    if not fits:
        raise ValueError(
            f"The {role} {name!r} maps {' and '.join(map(str, takes))} to {output}; it "
            f"must give {gives}. Change its last layers, or image_shape."
        )


def _named(shapes):
    return " and ".join(f"(batch, {', '.join(map(str, shape))})" for shape in shapes)


def _in_short(error):
    """A message of Keras' without its colours and its lists of what a layer was called with."""
    text = re.sub(r"\x1b\[\d*m", "", str(error)).partition("Arguments received")[0]
    text = re.sub(r"^Exception encountered when calling .*\n+", "", text)
    return " ".join(text.split())
