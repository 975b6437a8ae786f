"""A training process is killed half-way; its successor goes on from the last backup."""

import json
import signal
import subprocess
import sys
import textwrap

import numpy as np

PROGRAM = """
    import json, os, signal, sys
    import keras, numpy as np, tensorflow as tf
    import gan_keras
    from tests.conftest import small_gan

    folder, kill_at = sys.argv[1], int(sys.argv[2])

    def state(model):
        optimizers = (model.g_optimizer, model.d_optimizer)
        values = [v.numpy() for o in optimizers for v in o.variables]
        return values + [w.numpy() for w in model.weights]

    class Watch(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            np.savez(f"{folder}/before_epoch_{epoch}_{os.getpid()}.npz", *state(self.model))
            with open(f"{folder}/log.jsonl", "a") as log:
                iterations = int(self.model.g_optimizer.iterations)
                print(json.dumps([os.getpid(), epoch, iterations]), file=log)

        def on_train_batch_end(self, batch, logs=None):
            if int(self.model.g_optimizer.iterations) == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

    images = np.random.default_rng(0).uniform(-1, 1, (64, 8, 8, 1)).astype("float32")
    model = small_gan()
    model.compile()
    backup = keras.callbacks.BackupAndRestore(f"{folder}/backup", delete_checkpoint=False)
    model.fit(tf.data.Dataset.from_tensor_slices(images).batch(16), epochs=5, verbose=0,
              callbacks=[backup, Watch()])
"""


def test_killed_training_resumes_with_moments_and_iterations(tmp_path):
    command = [sys.executable, "-c", textwrap.dedent(PROGRAM), str(tmp_path)]
    killed = subprocess.run([*command, "14"])  # in the fourth epoch, of four steps each
    assert killed.returncode == -signal.SIGKILL
    subprocess.run([*command, "-1"], check=True)

    log = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    first, second = log[0][0], log[-1][0]
    assert [entry[1:] for entry in log if entry[0] == first] == [[0, 0], [1, 4], [2, 8], [3, 12]]
    assert [entry[1:] for entry in log if entry[0] == second] == [[3, 12], [4, 16]]

    # What the second process starts from is what the first had at the start of that epoch.
    before = np.load(tmp_path / f"before_epoch_3_{first}.npz")
    restored = np.load(tmp_path / f"before_epoch_3_{second}.npz")
    assert len(before.files) == len(restored.files) > 20
    moved = 0
    for name in before.files:
        np.testing.assert_array_equal(before[name], restored[name])
        moved += before[name].size > 0 and bool(np.any(before[name] != 0))
    assert moved > 20  # The moments are not the zeros of an optimizer that starts again.
