"""`Backup`: a training that is interrupted goes on as if it had not been."""

import os
from pathlib import Path

from gan_keras import checks, guards

import keras
import numpy as np
import tensorflow as tf

_KEY = "state/{}/.ATTRIBUTES/VARIABLE_VALUE"  # How TensorFlow names what a checkpoint holds.


class Backup(keras.callbacks.Callback):
    """Keeps the state of a training after each epoch, and goes on from the last one kept.

    Run the same program again after a crash, or after a power cut: `fit` then starts with the
    epoch that was interrupted, and ends with the weights of a run that nothing interrupted, bit for
    bit where operations are deterministic (`gan_keras.set_seed`). Kept are weights, averaged
    weights, pools, the moments and iterations of every optimizer and the states of random
    generators; a `tf.data.Dataset` is brought to the order that it would have had. Not kept are
    the histories of callbacks; how far into the data an epoch began that `steps_per_epoch` ends
    before they do; and arrays and a `PyDataset` given to `fit` are shuffled by Keras, which
    begins again with the order of the first epoch: give a data set.

    A backup counts once it is written whole, and the last but one is removed after that. They stay
    in the folder when training ends: with more `epochs` the same program goes on from there.

    Several workers (`MultiWorkerMirroredStrategy`) write to folders of their own inside `folder`,
    which may be on one disk or several, and go on from the last epoch that all of them kept.

    Where several replicas train a model with an `ImagePool`, each has a pool of its own, of which
    the first alone is kept: such a training goes on, but not bit for bit.

    Args:
        folder: of this training alone; made if it does not exist.
        every: epochs between two backups; one is made after the last epoch too.

    Raises:
        ValueError: for a folder whose name TensorFlow takes for a pattern; when training begins, if
            the backup is that of a model of other sizes.
        OSError: if a backup is damaged; if one cannot be written, as on a full disk. Those before
            it stay.
    """

    def __init__(self, folder, every: int = 1):
        super().__init__()
        checks.check_whole("every", every)
        pattern = set("*?[" if os.name == "nt" else "*?[\\") & set(str(folder))
        if pattern:
            raise ValueError(
                f"The folder for backups is {str(folder)!r}; TensorFlow could write to it, but not "
                f"read from it, for {' and '.join(sorted(pattern))}. Give it another name."
            )
        self.folder, self.every = Path(folder), every

    def on_train_begin(self, logs=None):
        strategy = self.model.distribute_strategy
        folder = self.folder
        if guards.several_machines(strategy):
            resolver = strategy.cluster_resolver
            folder /= f"{resolver.task_type}_{resolver.task_id}"
        self._done = self._kept = None
        self._iterators = tf.Variable(0, trainable=False, dtype=tf.int64)
        checkpoint = tf.train.Checkpoint(state=self._state(), iterators=self._iterators)
        try:
            self._manager = tf.train.CheckpointManager(
                checkpoint, str(folder), max_to_keep=2, checkpoint_name="epoch"
            )
        except Exception as error:  # TensorFlow raises what the damage leads it into.
            raise OSError(
                f"The list of backups {folder / 'checkpoint'} is damaged: {error}. Remove it to go "
                "on from the newest of the backups beside it."
            ) from error
        beside = [str(path.with_suffix("")) for path in folder.glob("epoch-*.index")]
        paths = [path for path in self._manager.checkpoints if path in beside] or beside
        kept = {int(path.rpartition("-")[2]): path for path in paths}
        epoch = self._common(max(kept, default=0))
        if epoch == 0:
            return
        if epoch not in kept:
            raise ValueError(
                f"The other workers' last backup is of epoch {epoch}, but {folder} holds "
                f"{sorted(kept)}. Give all workers the folders of one training, or new ones."
            )
        self._restore(kept[epoch])
        self.model._initial_epoch = epoch
        data = self.model.training_data
        while getattr(data, "iterators", np.inf) < int(self._iterators):
            iter(data)

    def on_epoch_end(self, epoch, logs=None):
        self._done = epoch + 1
        last = self._done == self.params["epochs"] or self.model.stop_training
        if self._done % self.every == 0 or last:
            self._keep()

    def on_train_end(self, logs=None):
        # Where a callback further down the list has ended the training.
        if self._kept != self._done:
            self._keep()

    def _keep(self):
        self._iterators.assign(getattr(self.model.training_data, "iterators", 0))
        try:
            self._manager.save(checkpoint_number=self._done)
        except (tf.errors.OpError, OSError) as error:
            raise OSError(
                f"The backup of epoch {self._done} could not be written to {self.folder}: "
                f"{error}. The backups before it are whole. Make room or choose another disk, "
                "then run the same program again."
            ) from error
        self._kept = self._done

    def _state(self):
        optimizers = self.model._optimizers.values()
        variables = [*self.model.variables, *(v for o in optimizers for v in o.variables)]
        return [variable.value for variable in variables]

    def _restore(self, path):
        own = [tuple(value.shape) for value in self._state()]
        try:
            kept = {name: tuple(shape) for name, shape in tf.train.list_variables(path)}
            kept = [kept[key] for key in map(_KEY.format, range(len(kept))) if key in kept]
            if kept == own:
                self._manager.checkpoint.restore(path).expect_partial()
        except Exception as error:  # TensorFlow raises what the damage leads it into.
            raise OSError(
                f"The backup {path} is damaged: {error} Remove its files, {Path(path).name}.*, to "
                "go on from the one before."
            ) from error
        if kept != own:
            raise ValueError(
                f"The backup {path} is of another model: it holds {len(kept)} variables, this "
                f"model has {len(own)}, or they differ in size. Build the model as it was, or "
                "give this training a folder of its own."
            )

    def _common(self, epoch):
        """The last epoch that all workers have kept."""
        strategy = self.model.distribute_strategy
        if not guards.several_machines(strategy):
            return epoch
        epochs = strategy.run(lambda: tf.constant([epoch]))
        return int(tf.reduce_min(strategy.gather(epochs, axis=0)))
