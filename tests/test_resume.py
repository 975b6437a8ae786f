"""Trainings are killed, cut off while they write, or run out of disk; their successors go on."""

import random
import shutil
import signal
import subprocess
import sys
import textwrap
import time

import gan_keras

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import MODELS, batches, small_dcgan, small_gan

# Trains every model, one after the other, and writes what each became.
PROGRAM = """
    import os, signal, sys
    import keras, numpy as np, tensorflow as tf
    import gan_keras
    from tests.conftest import MODELS, SHAPE, examples
    from tests.test_resume import state

    folder, kill_at = sys.argv[1], int(sys.argv[2])
    gan_keras.set_seed(0)
    images = np.random.default_rng(0).uniform(-1, 1, (64, *SHAPE)).astype("float32")
    steps = 0

    class Kill(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            global steps
            steps += 1
            if steps == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

    for build in MODELS:
        name = build.__name__
        model = build(seed=None)
        model.compile()
        data = tf.data.Dataset.from_tensor_slices(examples(model, images)).shuffle(64, seed=1)
        backup = gan_keras.callbacks.Backup(f"{folder}/{name}")
        history = model.fit(data.batch(16), epochs=4, verbose=0, callbacks=[backup, Kill()]).history
        losses = {key: values[-1] for key, values in history.items()}
        if losses:  # Else an earlier process has brought this model to its end.
            np.savez(f"{folder}/{name}.npz", *state(model), **losses)
"""
STEPS = len(MODELS) * 4 * 4


def state(model):
    """Everything that training changes."""
    variables = [*model.variables, *(v for o in model._optimizers.values() for v in o.variables)]
    return [variable.numpy() for variable in variables]


def train(folder, kill_at=-1):
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-c", textwrap.dedent(PROGRAM), str(folder), str(kill_at)]
    return subprocess.run(command).returncode


def assert_same_end(a, b, what):
    for build in MODELS:
        model = build.__name__
        with np.load(a / f"{model}.npz") as x, np.load(b / f"{model}.npz") as y:
            assert x.files == y.files
            for name in x.files:
                np.testing.assert_array_equal(x[name], y[name], f"{model} {name}: {what}")


def test_runs_of_one_seed_end_alike_however_often_one_is_killed(tmp_path):
    """Bit for bit: order of the data, draws, dropout, moments, averages, pools, losses."""
    undisturbed, repeated, killed = (tmp_path / x for x in ("undisturbed", "repeated", "killed"))
    assert train(undisturbed) == train(repeated) == 0
    assert_same_end(undisturbed, repeated, "two runs with set_seed(0)")

    kills = [random.SystemRandom().randint(2, STEPS // 2) for _ in range(3)]
    for kill_at in kills:
        code = train(killed, kill_at)
        assert code in (-signal.SIGKILL, 0)  # 0 where fewer steps were left.
    assert train(killed) == 0
    assert_same_end(undisturbed, killed, f"killed after {kills} steps")


def trained(folder, images, epochs, build=small_gan, extra=(), **settings):
    keras.utils.set_random_seed(0)
    model = build()
    model.compile()
    backup = gan_keras.callbacks.Backup(folder, **settings)
    history = model.fit(
        batches(model, images), epochs=epochs, verbose=0, callbacks=[backup, *extra]
    )
    return model, history.epoch


def test_what_a_cut_off_writer_leaves_is_passed_over(images, tmp_path):
    """A write that ends early leaves files without a name in the list of backups."""
    trained(tmp_path, images, 2)
    data = tmp_path / "epoch-2.data-00000-of-00001"
    (tmp_path / "epoch-3.data-00000-of-00001").write_bytes(data.read_bytes()[:100])
    shutil.copy(tmp_path / "epoch-2.index", tmp_path / "epoch-3.index")
    model, epochs = trained(tmp_path, images, 4)
    expected, _ = trained(tmp_path / "other", images, 4)
    assert epochs == [2, 3]
    for a, b in zip(state(model), state(expected), strict=True):
        np.testing.assert_array_equal(a, b)


WRITER = """
    import sys
    import numpy as np, tensorflow as tf
    import gan_keras
    from tests.conftest import SHAPE, small_gan

    model = small_gan()
    model.compile()
    data = tf.data.Dataset.from_tensors(np.zeros((2, *SHAPE), "float32") - 0.5)
    backup = gan_keras.callbacks.Backup(sys.argv[1])
    print("ready", flush=True)
    model.fit(data, epochs=10**6, verbose=0, callbacks=[backup])
"""


def test_killed_while_it_writes_the_last_good_backup_stays(tmp_path):
    """Epochs of one step: most of the time goes into writing."""
    reached = 0
    for _ in range(3):
        writer = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(WRITER), str(tmp_path)], stdout=subprocess.PIPE
        )
        writer.stdout.readline()
        time.sleep(random.SystemRandom().uniform(4, 6))
        writer.kill()
        writer.communicate()
        path = tf.train.latest_checkpoint(tmp_path)
        model = small_gan()
        model.compile()
        backup = gan_keras.callbacks.Backup(tmp_path)
        backup.set_model(model)
        backup.on_train_begin()  # Raises if what it finds is not whole.
        assert model._initial_epoch == int(path.rpartition("-")[2]) == int(model.step)
        assert model._initial_epoch >= reached
        reached = model._initial_epoch
    assert reached > 20


class NoRoom(keras.callbacks.Callback):
    """From an epoch on, no file may be longer than a few bytes."""

    def on_epoch_begin(self, epoch, logs=None):
        import resource

        if epoch == 2:
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))


def test_a_full_disk_ends_in_an_error_and_the_last_good_backup_stays(images, tmp_path):
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        with pytest.raises(OSError, match="epoch 3 could not be written.*Make room"):
            trained(tmp_path, images, 4, extra=[NoRoom()])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    _, epochs = trained(tmp_path, images, 4)
    assert epochs == [2, 3]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"model_checkpoint_path: 3"])
def test_a_damaged_list_of_backups_never_means_a_new_beginning(images, tmp_path, content):
    trained(tmp_path, images, 2)
    (tmp_path / "checkpoint").write_bytes(content)
    try:
        assert trained(tmp_path, images, 3)[1] == [2]
    except OSError as error:
        assert "checkpoint is damaged" in str(error)
        (tmp_path / "checkpoint").unlink()
        assert trained(tmp_path, images, 3)[1] == [2]


def test_a_finished_training_is_not_trained_again_but_may_go_on(images, tmp_path):
    assert trained(tmp_path, images, 2)[1] == [0, 1]
    assert trained(tmp_path, images, 2)[1] == []
    assert trained(tmp_path, images, 3)[1] == [2]


def test_a_training_after_one_that_went_on_begins_at_its_own_beginning(images, tmp_path):
    trained(tmp_path / "first", images, 3)
    model = small_gan()
    model.compile()

    def epochs(count, *callbacks):
        data = batches(model, images)
        return model.fit(data, epochs=count, verbose=0, callbacks=[*callbacks]).epoch

    assert epochs(4, gan_keras.callbacks.Backup(tmp_path / "first")) == [3]
    assert epochs(2, gan_keras.callbacks.Backup(tmp_path / "second")) == [0, 1]
    assert epochs(2) == [0, 1]


def test_backups_every_few_epochs_and_at_the_end(images, tmp_path):
    trained(tmp_path, images, 5, every=2)
    kept = sorted(path.name for path in tmp_path.glob("*.index"))
    assert kept == ["epoch-4.index", "epoch-5.index"]


def test_an_end_that_a_later_callback_brings_is_kept_and_drawn(images, tmp_path):
    stop = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: setattr(stop.model, "stop_training", epoch == 2)
    )
    grid = gan_keras.callbacks.SampleGrid(2, every=2)
    model, epochs = trained(tmp_path, images, 10, every=2, extra=[grid, stop])
    assert epochs == [0, 1, 2]
    assert [epoch for epoch, _ in grid.frames] == [0, 2, 3]
    again = small_gan()
    again.compile()
    fit = {"epochs": 4, "verbose": 0, "callbacks": [gan_keras.callbacks.Backup(tmp_path)]}
    assert again.fit(batches(again, images), **fit).epoch == [3]


@pytest.mark.parametrize("name", ["lr[0.1]", "run*", "what?"])
def test_folders_that_tensorflow_cannot_read_from_are_refused(name, tmp_path):
    with pytest.raises(ValueError, match="not read from it"):
        gan_keras.callbacks.Backup(tmp_path / name)


def test_a_backup_of_another_model_is_refused(images, tmp_path):
    trained(tmp_path, images, 1)
    with pytest.raises(ValueError, match="is of another model"):
        trained(tmp_path, images, 2, build=small_dcgan)


def test_a_damaged_backup_is_refused_and_the_one_before_serves(images, tmp_path):
    trained(tmp_path, images, 2)
    data = tmp_path / "epoch-2.data-00000-of-00001"
    content = bytearray(data.read_bytes())
    content[len(content) // 2] ^= 1
    data.write_bytes(content)
    with pytest.raises(OSError, match=r"epoch-2 is damaged.*Remove its files, epoch-2\.\*"):
        trained(tmp_path, images, 3)
    for path in tmp_path.glob("epoch-2.*"):
        path.unlink()
    assert trained(tmp_path, images, 3)[1] == [1, 2]


def test_replicas_go_on_from_a_backup(images, tmp_path, mirrored):
    ends = []
    for folder, runs in (("whole", [4]), ("parts", [2, 4])):
        for epochs in runs:
            keras.utils.set_random_seed(0)
            with mirrored.scope():
                model = small_dcgan()
                model.compile()
            data = tf.data.Dataset.from_tensor_slices(images).shuffle(64, seed=1).batch(32)
            backup = gan_keras.callbacks.Backup(tmp_path / folder)
            model.fit(data, epochs=epochs, verbose=0, callbacks=[backup])
        ends.append(state(model))
    for a, b in zip(*ends, strict=True):
        np.testing.assert_array_equal(a, b)
