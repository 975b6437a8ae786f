"""What `GenerativeModel.fit` watches over by itself."""

import copy
import functools

import keras
import tensorflow as tf

# How the error of `assert_finite` is known again.
LOST = "gan-keras lost"


def several_machines(strategy) -> bool:
    """Whether `strategy` trains in more than one process, as `MultiWorkerMirroredStrategy` does."""
    multi = isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)
    return multi and strategy.extended._in_multi_worker_mode()  # Keras asks in the same words.


def lost(step) -> FloatingPointError:
    """The error of a training whose loss or gradient is no longer a number."""
    return FloatingPointError(
        f"The loss or its gradient was NaN or infinite at training step {int(step)}, and training "
        "has stopped. The model keeps its last finite weights. Go on with a lower learning rate; "
        "if the data are not checked by fit (a generator), look for NaN in them."
    )


def _states(model, chosen):
    """What the layers that `chosen` holds for change by being called."""
    layers = [layer for layer in model._flatten_layers() if chosen(layer)]
    return [state for layer in layers for state in layer.non_trainable_variables]


def _has_statistics(layer) -> bool:
    return isinstance(layer, keras.layers.BatchNormalization)


def _remembers(layer) -> bool:
    """Whether it keeps moving statistics, or images, as a layer says by `remembers = True`."""
    return _has_statistics(layer) or getattr(layer, "remembers", False)


class StopWhenLost(keras.callbacks.Callback):
    """Ends a training whose loss is no longer a number, and leaves finite weights behind.

    `GenerativeModel.minimize` ends the step by an assertion, or makes none from then on under XLA,
    where it is enough to look now and then. Moving statistics and pools of images change on the
    way to the loss: they go back to what they were when the epoch began.

    Raises:
        FloatingPointError: names the step.
    """

    every = 100  # Reading a value each step would keep a GPU waiting.

    def on_epoch_begin(self, epoch, logs=None):
        self._before = [state.numpy() for state in self._states()]
        self._due = self.every - 1

    def on_train_batch_end(self, batch, logs=None):
        if batch >= self._due:  # Not every batch is told where several make one execution.
            self._due = batch + self.every
            self._look()

    def on_epoch_end(self, epoch, logs=None):
        self._look()

    def _look(self):
        step = int(self.model.lost_at.numpy())
        if step >= 0:
            self.restore()
            raise lost(step)

    def restore(self):
        """Takes statistics and pools back to the beginning of the epoch."""
        for state, value in zip(self._states(), self._before, strict=True):
            state.assign(value)

    def _states(self):
        return _states(self.model, _remembers)


class AgreeOnStatistics(keras.callbacks.Callback):
    """After each epoch, gives all replicas the mean of their moving statistics.

    Each replica normalises by its own part of a batch and keeps statistics of its own. Without this
    they drift apart, and what is saved and shown depends on the replica that is asked.
    """

    def on_epoch_end(self, epoch, logs=None):
        strategy = self.model.distribute_strategy
        if strategy.num_replicas_in_sync == 1:
            return
        states = _states(self.model, _has_statistics)
        # Asked for outside a replica, a variable gives the first replica's value alone.
        values = strategy.run(lambda: [tf.identity(state.value) for state in states])
        for state, value in zip(states, values, strict=True):
            state.assign(strategy.reduce("MEAN", value, axis=None))


def assert_finite(condition, step):
    """An operation that ends the step unless `condition` holds; see `lost`."""
    # Not `tf.debugging.Assert`, whose message is another where steps run eagerly.
    return tf.raw_ops.Assert(condition=condition, data=[LOST, step])


def counted(data):
    """A copy of a data set of TensorFlow's that counts the iterators it gives, in `iterators`.

    Its shuffling and random draws take new seeds with each iterator, so that this number says where
    it stands. Keras asks for more than one an epoch, how many depends on its version.
    """
    data = copy.copy(data)
    data.__class__ = _counting(type(data))
    data.iterators = 0
    return data


@functools.cache
def _counting(kind):
    class Counted(kind):
        def __iter__(self):
            self.iterators += 1
            return super().__iter__()

    return Counted


def lost_together(gradients):
    """Gradients as they are; NaN on all replicas if on one of them a value is not finite."""
    bad = tf.cast(~finite(0.0, gradients), tf.float32)
    bad = tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, bad)
    factor = tf.where(bad > 0, float("nan"), 1.0)
    return [g if g is None else tf.math.scalar_mul(tf.cast(factor, g.dtype), g) for g in gradients]


def finite(loss, gradients):
    """Whether the loss and all gradients are numbers: a bool scalar."""
    values = [g.values if isinstance(g, tf.IndexedSlices) else g for g in gradients]
    # One sum of squares for each, which is not finite if any of its values is not.
    sums = [tf.nn.l2_loss(tf.cast(value, tf.float32)) for value in values if value is not None]
    return tf.math.is_finite(tf.add_n([tf.cast(loss, tf.float32), *sums]))
