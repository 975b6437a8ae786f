"""Two processes on the loopback address train one model, are killed, and go on."""

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time

import numpy as np

WORKER = """
    import json, os, signal, sys
    import keras, numpy as np, tensorflow as tf

    folder, kill_at = sys.argv[1], int(sys.argv[2])
    strategy = tf.distribute.MultiWorkerMirroredStrategy()  # Before any other operation.
    worker = strategy.cluster_resolver.task_id
    import gan_keras

    gan_keras.set_seed(0)
    images = np.random.default_rng(0).uniform(-1, 1, (64, 28, 28, 1)).astype("float32")
    data = tf.data.Dataset.from_tensor_slices(images).shuffle(64, seed=1).batch(16)
    with strategy.scope():
        model = gan_keras.DCGAN((28, 28, 1), latent_dim=4, recipe="fast", width=4, seed=1)
        model.compile()

    class Kill(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if int(model.step) == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

    backup = gan_keras.callbacks.Backup(f"{folder}/backup")
    history = model.fit(data, epochs=4, verbose=0, callbacks=[backup, Kill()]).history
    state = [w.numpy() for w in model.weights]
    state += [v.numpy() for o in model._optimizers.values() for v in o.variables]
    np.savez(f"{folder}/end_{worker}.npz", *state)
    with open(f"{folder}/losses_{worker}.json", "w") as file:
        json.dump({name: values[-1] for name, values in history.items()}, file)
"""


def free_ports(n):
    sockets = [socket.socket() for _ in range(n)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def start(folder, kill_second_at=-1):
    """Both workers; the second kills itself after that many steps."""
    folder.mkdir(exist_ok=True)
    cluster = {"worker": [f"127.0.0.1:{port}" for port in free_ports(2)]}
    processes = []
    for i in range(2):
        config = json.dumps({"cluster": cluster, "task": {"type": "worker", "index": i}})
        arguments = [str(folder), str(kill_second_at if i else -1)]
        log = open(folder / f"log_{i}.txt", "a")
        processes.append(
            subprocess.Popen(
                [sys.executable, "-c", textwrap.dedent(WORKER), *arguments],
                env={**os.environ, "TF_CONFIG": config}, stdout=log, stderr=log,
            )
        )  # fmt: skip
    return processes


def finish(processes, folder):
    for i, process in enumerate(processes):
        code = process.wait(timeout=200)
        assert code == 0, (folder / f"log_{i}.txt").read_text()[-3000:]


def end(folder, worker):
    with np.load(folder / f"end_{worker}.npz") as file:
        return [file[name] for name in file.files]


def test_two_workers_learn_alike_and_go_on_after_one_was_killed(loopback, tmp_path):
    undisturbed, killed = tmp_path / "undisturbed", tmp_path / "killed"
    finish(start(undisturbed), undisturbed)
    for a, b in zip(end(undisturbed, 0), end(undisturbed, 1), strict=True):
        np.testing.assert_array_equal(a, b)

    first, second = start(killed, kill_second_at=11)  # In the third epoch, of four steps each.
    assert second.wait(timeout=200) == -signal.SIGKILL
    time.sleep(1)
    first.kill()  # It would wait for the other, as TensorFlow's workers do.
    first.wait()
    assert not (killed / "end_0.npz").exists()
    finish(start(killed), killed)
    for worker in range(2):
        for a, b in zip(end(undisturbed, 0), end(killed, worker), strict=True):
            np.testing.assert_array_equal(a, b)
    losses = [(folder / "losses_0.json").read_text() for folder in (undisturbed, killed)]
    assert losses[0] == losses[1]
