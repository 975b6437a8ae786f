"""What a training shows and keeps, on a clock that goes as the test says."""

import types

import gan_keras
from gan_keras import callbacks
from gan_keras.cli import watching

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import SHAPE, batches, small_cgan, small_gan, small_pix2pix


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until its `now` is changed."""
    clock = types.SimpleNamespace(now=1000.0)
    clock.monotonic = lambda: clock.now
    for module in (callbacks, watching):
        monkeypatch.setattr(module, "time", clock)
    return clock


class Tick(keras.callbacks.Callback):
    """A second a step, two seconds more an epoch; building graphs takes 30."""

    def __init__(self, clock, stop_at=None, first=30):
        super().__init__()
        self.clock, self.stop_at, self.first = clock, stop_at, first
        self.steps = 0

    def on_train_batch_end(self, batch, logs=None):
        self.clock.now += 1 if self.steps else 1 + self.first
        self.steps += 1
        if self.steps == self.stop_at:
            raise KeyboardInterrupt

    def on_epoch_end(self, epoch, logs=None):
        self.clock.now += 2


def test_the_time_left_is_right_on_a_steady_run(clock, images):
    said = []

    class Seen(callbacks.Progress):
        def left(self, done):
            left = super().left(done)
            said.append((clock.now, left))
            return left

    model = small_gan()
    model.compile()
    model.fit(batches(model, images), epochs=10, verbose=0, callbacks=[Tick(clock), Seen()])
    begun, end = 1031, clock.now
    ends = {now: now + left for now, left in said if now >= (begun + end) / 2}
    assert len(ends) > 10
    # From half way on, off by less than 6 % of the whole.
    assert max(abs(estimate - end) for estimate in ends.values()) < 0.06 * (end - begun)


@pytest.mark.parametrize("lines", [True, False])
def test_progress_in_a_log_file_is_lines_and_on_a_terminal_one(clock, lines, images, capsys):
    model = small_gan()
    model.compile()
    progress = callbacks.Progress(lines)
    model.fit(batches(model, images), epochs=20, verbose=0, callbacks=[Tick(clock), progress])
    printed = capsys.readouterr().out
    shown = printed.strip().splitlines() if lines else printed.strip().split("\r")
    assert shown[-1].startswith("epoch 20/20, 2 min 30 s: ") and " left" not in shown[-1]
    assert shown[0].startswith("epoch 1/20, 31 s: ")
    assert "left: " in shown[1]
    if lines:
        assert "\r" not in printed and len(shown) <= 150 / 10
    else:
        assert printed.count("\n") == 1


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (119, "119 s"), (277, "4 min 37 s"), (7140, "119 min 0 s"), (7500, "2 h 5 min")],
)
def test_times_are_said_as_a_reader_says_them(seconds, text):
    assert callbacks.duration(seconds) == text


def rows(path):
    head, *lines = path.read_text().splitlines()
    assert head.startswith("epoch,seconds,")
    return [tuple(map(float, line.split(",")[:2])) for line in lines]


def train(model, images, folder, limit, *more, falls=False):
    """As `gan-keras train --minutes` does: 4 steps an epoch."""
    model.compile()
    history = watching.History(folder / "history.csv")
    falling = [model.g_optimizer, model.d_optimizer] if falls else []
    stop = watching.TimeLimit(limit, history, falling)
    watched = [callbacks.Backup(folder / "backup"), history, *more, stop]
    model.fit(batches(model, images), epochs=10**9, verbose=0, callbacks=watched)


def test_a_training_ends_when_its_time_is_up_and_what_was_lost_does_not_count(
    clock, images, tmp_path
):
    train(small_gan(), images, tmp_path / "whole", 21, Tick(clock, first=0))
    # 4 steps and the epoch's end are 6 seconds; the row is written before those 2 are over.
    assert rows(tmp_path / "whole/history.csv") == [(0, 4), (1, 10), (2, 16), (3, 21)]

    with pytest.raises(KeyboardInterrupt):
        train(small_gan(), images, tmp_path, 21, Tick(clock, stop_at=10, first=0))
    clock.now += 5000
    assert rows(tmp_path / "history.csv") == [(0, 4), (1, 10)]
    tick = Tick(clock, first=0)
    train(small_gan(), images, tmp_path, 21, tick)
    assert rows(tmp_path / "history.csv") == [(0, 4), (1, 10), (2, 14), (3, 20), (4, 23)]
    assert tick.steps == 9


def test_an_epoch_without_backup_leaves_the_history_and_damage_is_named(clock, images, tmp_path):
    train(small_gan(), images, tmp_path, 10, Tick(clock, first=0))
    path = tmp_path / "history.csv"
    path.write_text(path.read_text() + "2,99.0,1,1,1,1\n")
    train(small_gan(), images, tmp_path, 20, Tick(clock, first=0))
    assert [epoch for epoch, _ in rows(path)] == [0, 1, 2, 3]
    assert rows(path)[-1][1] < 30
    damaged = path.read_text() + "four,5\n"
    path.write_text(damaged)
    with pytest.raises(ValueError, match="history.csv is damaged: not every line"):
        train(small_gan(), images, tmp_path, 30)
    assert path.read_text() == damaged


def test_a_falling_rate_falls_with_the_time_and_over_interruptions(clock, images, tmp_path):
    class Rates(keras.callbacks.Callback):
        seen = []

        def on_train_batch_end(self, batch, logs=None):
            self.seen.append(float(self.model.g_optimizer.learning_rate))

    model = small_pix2pix()
    model.compile()
    full = float(model.g_optimizer.learning_rate)
    rates = Rates()
    with pytest.raises(KeyboardInterrupt):
        train(model, images, tmp_path, 20, Tick(clock, stop_at=13, first=0), rates, falls=True)
    assert len(rates.seen) == 12
    again = small_pix2pix()
    train(again, images, tmp_path, 20, Tick(clock, first=0), rates, falls=True)
    # Seconds before each step: after a restart its epoch's two are not counted again.
    at = [0, 1, 2, 3, 6, 7, 8, 9, 12, 13, 14, 15, 16, 17, 18, 19]
    expected = [full * min(1, 2 * (20 - t) / 20) for t in at]
    np.testing.assert_allclose(rates.seen, expected, rtol=1e-5)
    for optimizer in (again.g_optimizer, again.d_optimizer):
        assert float(optimizer.learning_rate) == 0


def test_pictures_are_drawn_as_often_as_asked_and_at_the_end(clock, images, tmp_path):
    model = small_gan()
    model.compile()
    grid = callbacks.SampleGrid(4, seconds=13)
    model.fit(batches(model, images), epochs=10, verbose=0, callbacks=[Tick(clock, first=0), grid])
    assert [epoch for epoch, _ in grid.frames] == [0, 3, 6, 9, 10]


def test_tensorboard_reads_losses_pictures_and_the_graph(images, tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    model = small_cgan()
    model.compile()
    grid = callbacks.SampleGrid(4, labels=[0, 1, 2, 0])
    watch = [grid, callbacks.TensorBoard(tmp_path, grid)]
    trained = model.fit(batches(model, images), epochs=3, verbose=0, callbacks=watch)
    logs = EventAccumulator(str(tmp_path / "train"), {"tensors": 0}).Reload()
    assert {"epoch_d_loss", "epoch_g_loss", "images"} <= set(logs.Tags()["tensors"])
    losses = [float(tf.make_ndarray(e.tensor_proto)) for e in logs.Tensors("epoch_d_loss")]
    np.testing.assert_allclose(losses, trained.history["d_loss"], rtol=1e-6)
    assert [event.step for event in logs.Tensors("images")] == [0, 1, 2, 3]
    scopes = {node.name.split("/")[0] for node in logs.Graph().node}
    assert {"generator", "discriminator"} <= scopes


def test_tensorboard_leaves_out_networks_that_do_not_say_what_they_take(images, tmp_path):
    class Generator(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(int(np.prod(SHAPE)), "tanh")

        def call(self, z):
            return tf.reshape(self.dense(z), (-1, *SHAPE))

    model = gan_keras.GAN(SHAPE, 4, generator=Generator(), average=None)
    model.compile()
    grid = callbacks.SampleGrid(2, every=2)

    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch == 2

    watch = [grid, callbacks.TensorBoard(tmp_path, grid), Stop()]
    model.fit(batches(model, images), epochs=9, verbose=0, callbacks=watch)
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    logs = EventAccumulator(str(tmp_path / "train"), {"tensors": 0}).Reload()
    assert {node.name.split("/")[0] for node in logs.Graph().node} >= {"discriminator"}
    assert [event.step for event in logs.Tensors("images")] == [0, 2, 3]


def test_without_tensorboard_installed_a_sentence_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(callbacks.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match="pip install tensorboard"):
        gan_keras.callbacks.TensorBoard(tmp_path)
