"""`GenerativeModel`: what every model here shares and no paper invented."""

import functools
import random
import warnings

from gan_keras import checks, guards

import keras
import numpy as np
import tensorflow as tf


class GenerativeModel(keras.Model):
    """A `keras.Model` of several networks, trained by several optimizers.

    It sees to what Keras leaves to the author of a custom `train_step`: optimizers that are saved
    and loaded with their moments, gradients and displayed losses that stay right under mixed
    precision and on several replicas, random draws that a resumed run repeats, and data that is
    checked before it does harm.

    A subclass builds its networks in `__init__`, sets `built`, names its optimizers in `compile`,
    and writes out `train_step` with `step_seed`, `minimize` and `track`.

    Attributes:
        tracked: names of the values that `track` takes and `fit` reports, as means over an epoch.
        training_data: what `fit` was last given, checked.
        lost_at: under XLA, the training step whose loss or gradient was not finite, -1 while there
            is none; else such a step ends in an error.

    Args:
        image_shape: (height, width, channels); or (dimensions,) where the data are points.
        seed: of the draws during training. None takes one from Python's `random`, which
            `keras.utils.set_random_seed` governs.
        num_classes: of the labels that the networks are told; 0 for a model without labels.
    """

    tracked: tuple[str, ...] = ("loss",)

    def __init__(self, image_shape, seed: int | None = None, num_classes: int = 0, **kwargs):
        super().__init__(**kwargs)
        checks.check_image_shape(image_shape)
        checks.check_whole("num_classes", num_classes, at_least=0)
        if seed is not None:
            checks.check_whole("seed", seed, at_least=0)
        self.image_shape = tuple(image_shape)
        self.num_classes = num_classes
        self.seed = random.randrange(2**31) if seed is None else seed
        self._trackers = {name: keras.metrics.Mean(name=name) for name in self.tracked}
        self._optimizers = {}
        self.training_data = None
        self._forwards = {}

    # Compiling, saving and loading

    def compile(self, optimizers, settings=None, *, steps_per_execution=1, jit_compile="auto",
                run_eagerly=False):  # fmt: skip
        """Builds each optimizer for the networks it trains.

        Args:
            optimizers: {attribute name: (optimizer, list of networks)}; each becomes an attribute.
                A subclass gives its own `compile` keyword arguments of the same names.
            settings: the subclass's other `compile` arguments, to be given again on loading.
            steps_per_execution: steps between two returns to Python, where callbacks hear of
                batches. More than one is faster where a step takes milliseconds.
            jit_compile: True, False, or "auto": XLA on a GPU.
            run_eagerly: True runs steps as plain Python, to look inside with a debugger.

        Raises:
            ValueError: if two entries share one optimizer; if `steps_per_execution` is no whole
                number of at least 1.
        """
        checks.check_whole("steps_per_execution", steps_per_execution)
        super().compile(
            optimizer=None, steps_per_execution=steps_per_execution, jit_compile=jit_compile,
            run_eagerly=run_eagerly,
        )  # fmt: skip
        self._compile_arguments = {
            "steps_per_execution": steps_per_execution,
            "jit_compile": jit_compile,
            "run_eagerly": run_eagerly,
            **(settings or {}),
        }
        self._optimizers = {}
        self.lost_at = tf.Variable(-1, trainable=False, dtype=tf.int64, name="lost_at")
        for name, (optimizer, networks) in optimizers.items():
            optimizer = keras.optimizers.get(optimizer)
            inner = getattr(optimizer, "inner_optimizer", optimizer)
            if any(inner is other for other in self._inner_optimizers()):
                raise ValueError(
                    f"{name} is the same object as another optimizer. Each keeps moments of its "
                    "own: create one for each network."
                )
            if any(network.losses for network in networks):
                warnings.warn(
                    "Regularizers have no effect: the training step does not add the networks' "
                    "`losses`. Leave them out, give the optimizer weight_decay, or add them in a "
                    "train_step of your own.",
                    stacklevel=2,
                )
            # Keras wraps `model.optimizer` alone. A loaded network has the policy of the session,
            # its layers their own.
            layers = [layer for network in networks for layer in network._flatten_layers()]
            half = any(x.compute_dtype == "float16" for x in layers if x._trainable_variables)
            if half and not isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
                optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
            # Unbuilt, it would start again from zero when the model is loaded or a backup restored.
            if not optimizer.built:
                optimizer.build(trained_weights(networks))
            self._optimizers[name] = optimizer
            setattr(self, name, optimizer)

    def get_compile_config(self):
        if not self.compiled:
            return None
        return keras.saving.serialize_keras_object(
            {name: getattr(self, name) for name in self._optimizers} | self._compile_arguments
        )

    def compile_from_config(self, config):
        self.compile(**keras.saving.deserialize_keras_object(config))

    @property
    def random_states(self):
        """States of the networks' random generators (dropout's), which Keras' `weights` leaves out.

        Saved with the weights, so that a loaded model draws what this one would have drawn.
        """
        weights = {id(weight) for weight in self.weights}
        return [variable for variable in self.variables if id(variable) not in weights]

    def save_own_variables(self, store):
        super().save_own_variables(store)
        for i, state in enumerate(self.random_states):
            store[f"random_{i:03}"] = state

    def load_own_variables(self, store):
        own = {key: store[key] for key in store.keys()}
        states = self.random_states
        saved = [own.pop(key) for key in sorted(own) if key.startswith("random_")]
        if len(saved) != len(states):
            raise ValueError(
                f"The file has the random states of {len(saved)} layers, this model has "
                f"{len(states)} such layers (dropout, augmentation). Build the model as it was."
            )
        super().load_own_variables(own)
        for state, value in zip(states, saved, strict=True):
            state.assign(value)

    def get_config(self):
        return {**super().get_config(), "image_shape": self.image_shape, "seed": self.seed}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        def restore(value):
            if isinstance(value, dict) and "class_name" in value:
                return keras.saving.deserialize_keras_object(value, custom_objects)
            return value

        return cls(**{key: restore(value) for key, value in config.items()})

    # Data

    def fit(
        self, x=None, y=None, batch_size=None, epochs=1, verbose="auto", callbacks=None, **kwargs
    ):
        """As `keras.Model.fit`; data that are not what the model needs are refused by name.

        Args:
            x: images, or a `tf.data.Dataset` of batches: of images, of (images, labels), or of
                (a, b) for a model that translates a into b.
            y: labels or b, if the model takes them and `x` is an array.
            batch_size, epochs, verbose, callbacks, **kwargs: see `keras.Model.fit`.

        Raises:
            ValueError: for a wrong shape, dtype or range of values; see `gan_keras.checks`. With
                several steps an execution, for numbers of steps that are no multiple of it, and
                on several replicas.
            FloatingPointError: if a loss or gradient is no longer finite. The network whose loss
                it is keeps its weights, and so do all others from then on.
        """
        self._check_executions(kwargs, "steps_per_epoch", "validation_steps")
        finite = isinstance(x, keras.utils.PyDataset) and x.num_batches is not None
        if not (finite or isinstance(x, (np.ndarray, tf.Tensor))):
            kwargs.setdefault("shuffle", False)  # Others shuffle themselves; Keras warns if asked.
        validation = kwargs.get("validation_data")
        if isinstance(validation, tuple):
            kwargs["validation_data"] = self._checked(*validation)
        elif validation is not None:
            kwargs["validation_data"] = self._checked(validation)[0]
        x, y = self._checked(x, y)
        if isinstance(x, tf.data.Dataset):
            # As Keras would, but counted, so that `Backup` can bring it to where it was.
            x = guards.counted(self.distribute_strategy.experimental_distribute_dataset(x))
        self.training_data = x
        # Where a backup has set it, that was for the `fit` before.
        self._initial_epoch = kwargs.get("initial_epoch")
        if self.compiled:
            self.lost_at.assign(-1)
        # Before the caller's own, so that none of them keeps a lost model or uneven statistics.
        watch = guards.StopWhenLost()
        callbacks = [watch, guards.AgreeOnStatistics(), *keras.tree.flatten(callbacks or [])]
        try:
            return super().fit(x, y, batch_size, epochs, verbose, callbacks, **kwargs)
        except tf.errors.InvalidArgumentError as error:
            error = checks.explained(error)
            if isinstance(error, FloatingPointError):
                watch.restore()
            raise error from None

    def evaluate(self, x=None, y=None, *args, **kwargs):
        """As `keras.Model.evaluate`, with the checks of `fit`: means over the batches."""
        self._check_executions(kwargs, "steps")
        try:
            return super().evaluate(*self._checked(x, y), *args, **kwargs)
        except tf.errors.InvalidArgumentError as error:
            raise checks.explained(error) from None

    def _check_executions(self, arguments, *names):
        """Refuses what Keras does not do with several steps an execution, or does not do right."""
        several = self.steps_per_execution
        replicas = self.distribute_strategy.num_replicas_in_sync
        if several > 1 and replicas > 1:
            raise ValueError(
                f"The model was compiled with steps_per_execution={several}, which Keras cannot do "
                f"on {replicas} replicas. Compile it with steps_per_execution=1."
            )
        for name in names:
            steps = arguments.get(name)
            if steps is not None and steps % several:  # Keras would go on to the next multiple.
                raise ValueError(
                    f"{name} is {steps}; it must be a multiple of {several}, as the model was "
                    f"compiled with steps_per_execution={several}."
                )

    def _checked(self, x, y=None):
        return checks.checked(x, self.image_shape, y, self.num_classes)

    def images(self, data):
        """The images of a batch given to `train_step`, float32, their shape and dtype checked."""
        images = checks.unpack(data)
        checks.check_shape(images, self.image_shape)
        return tf.cast(images, tf.float32)

    def labels(self, data):
        """The labels of a batch given to `train_step`, as one-hot rows (batch, num_classes)."""
        labels = checks.unpack_labels(data)
        checks.check_labels_type(labels)
        return tf.one_hot(labels, self.num_classes)

    # Drawing

    def in_batches(self, network, *inputs, batch_size):
        """What a network makes of arrays, so many rows at a time.

        Keras' `predict` does it as well, but sets up a data set and callbacks each time.

        Args:
            inputs: arrays (n, ...), one for each input of the network.

        Returns:
            (n, ...) float32.
        """
        if id(network) not in self._forwards:
            # One for each network: of a function traced for many, TensorFlow warns.
            forward = functools.partial(network, training=False)
            self._forwards[id(network)] = tf.function(forward, reduce_retracing=True)
        forward = self._forwards[id(network)]
        n, results = len(inputs[0]), None
        for i in range(0, n, batch_size):
            part = [x[i : i + batch_size] for x in inputs]
            # A view where it can be, of which `numpy()` would make a copy.
            part = np.asarray(forward(part if len(part) > 1 else part[0]))
            results = np.empty((n, *part.shape[1:]), np.float32) if results is None else results
            results[i : i + batch_size] = part
        return results

    # Inside a training step

    def _inner_optimizers(self):
        """The optimizers themselves, without what scales their losses."""
        return [getattr(o, "inner_optimizer", o) for o in self._optimizers.values()]

    @property
    def step(self):
        """Training steps so far, an int32 scalar: those of the first optimizer that trains.

        Raises:
            ValueError: before `compile`.
        """
        if not self._optimizers:
            raise ValueError("The model counts its training steps once compiled: call compile().")
        optimizers = self._inner_optimizers()
        # One that trains nothing, as of a frozen network, does not count.
        first = next((o for o in optimizers if o._trainable_variables), optimizers[0])
        # Where gradients are accumulated, `iterations` counts updates.
        return tf.cast(first._iterations, tf.int32)

    def step_seed(self):
        """The seed of this step's random draws, a pair of int32, for TensorFlow's stateless ones.

        A function of seed, step and replica alone, so that a run resumed from a backup draws what
        an undisturbed one would have drawn. XLA draws other values than a plain graph.
        """
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        return tf.stack([self.seed + tf.cast(replica, tf.int32), self.step])

    def batch_seed(self):
        """The same for a batch of an evaluation, in which the step stands still."""
        seen = next(iter(self._trackers.values())).count
        return tf.random.experimental.stateless_fold_in(self.step_seed(), tf.cast(seen, tf.int32))

    def minimize(self, loss, tape, optimizer, *networks):
        """One step of `optimizer` on the networks' weights, down the gradient of `loss`.

        Keras sums gradients over replicas, so that each must give its share; and float16 needs its
        loss scaled up. Both factors enter as the gradient's own starting value, and the loss stays
        as it is displayed.

        Args:
            loss: float32 scalar recorded by `tape`, the mean over this replica's examples.
            tape: `tf.GradientTape`.
            optimizer: one of those given to `compile`.
            networks: those that this optimizer was built for.

        Raises:
            tf.errors.InvalidArgumentError: for a loss or gradient that is not finite; `fit` makes
                a FloatingPointError of it. Under XLA no step is made from then on.
            ValueError: for XLA under a strategy.
        """
        if self.jit_compile and tf.distribute.has_strategy():
            raise ValueError(
                "The model was compiled with jit_compile=True under a tf.distribute strategy, "
                "where a training that is lost would not be seen. Leave it at 'auto'."
            )
        variables = trained_weights(networks)
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        scale = optimizer.scale_loss(tf.constant(1.0 / replicas))
        gradients = tape.gradient(loss, [v.value for v in variables], output_gradients=scale)
        # Scaled gradients may overflow; the optimizer then leaves the step out and scales less.
        scaled = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
        if scaled and replicas > 1:
            gradients = guards.lost_together(gradients)  # Keras asks the first replica alone.
        finite = guards.finite(loss, [] if scaled else gradients)
        if not self.jit_compile:
            with tf.control_dependencies([guards.assert_finite(finite, self.step)]):
                optimizer.apply(gradients, variables)
            return

        # XLA leaves assertions out. A condition takes longer to build, and inside one replicas
        # cannot meet to add up gradients.
        def stop():
            now = tf.cast(self.step, tf.int64)
            self.lost_at.assign(tf.where(self.lost_at < 0, now, self.lost_at))

        going_on = finite & (self.lost_at < 0)
        tf.cond(going_on, lambda: optimizer.apply(gradients, variables), stop)

    def track(self, **values):
        """Adds this batch's values to their means; returns the means, as a step must."""
        for name, value in values.items():
            # Keras learns from a step without data where their number is not known: counts that
            # do not wait for a value would be one too high.
            with tf.control_dependencies([tf.convert_to_tensor(value)]):
                self._trackers[name].update_state(value)
        means = {name: tracker.result() for name, tracker in self._trackers.items()}
        if guards.several_machines(tf.distribute.get_strategy()):
            # Keras then averages over the first axis, which a scalar has not (keras#20585).
            means = {name: mean[None] for name, mean in means.items()}
        return means

    @property
    def metrics(self):
        return list(self._trackers.values())


def trained_weights(networks) -> list:
    """The weights that are trained, each once, where networks share some."""
    weights = {id(v): v for network in networks for v in network.trainable_variables}
    return list(weights.values())


def copy_of(network: keras.Model) -> keras.Model:
    """A new network of the same structure and weights."""
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(network))
    copy.set_weights(network.get_weights())
    return copy
