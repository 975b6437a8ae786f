from collections import Counter

from gan_keras.datasets import catalogue, load_dataset, pairs

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from tests.test_datasets import DATA, arrays, as_bytes, no_network, save  # noqa: F401


def ordered(name, **arguments):
    """All of one epoch in the stored order."""
    return arrays(load_dataset(name, **{"batch_size": 5, "shuffle": False, **arguments}))


def noise(path, seed, shape=(12, 12, 3)):
    """Save a random image and return it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    tf.io.write_file(str(path), tf.io.encode_png(image))
    return image


# Degradations


@pytest.mark.parametrize("name", pairs.DEGRADATIONS)
def test_a_degraded_image_stands_before_the_whole_one(name):
    dataset = load_dataset("emoji", "test", pair=name, batch_size=5, limit=12, shuffle=False)
    a, b = arrays(dataset)
    np.testing.assert_array_equal(b, ordered("emoji", split="test", limit=12))
    channels = 1 if name in ("colorize", "edges") else 3
    assert dataset.element_spec[0] == tf.TensorSpec((None, 64, 64, channels), tf.float32)
    assert a.shape == (12, 64, 64, channels) and int(dataset.cardinality()) == 3
    assert a.min() >= -1 and a.max() <= 1
    assert np.abs(a - b).mean() > 0.01


def seed(n):
    return tf.constant([n, 0])


def test_colorize_keeps_the_brightness():
    image = tf.constant([[[1.0, -1, -1], [0.5, 0.5, 0.5]]])
    grey = pairs.colorize(image, None)
    np.testing.assert_allclose(grey[0, :, 0], [0.299 - 0.587 - 0.114, 0.5], atol=1e-3)


def test_inpaint_makes_one_square_hole_that_reaches_every_border():
    tops, lefts = set(), set()
    for n in range(60):
        hole = pairs.inpaint(tf.ones((8, 10, 3)), seed(n)).numpy()[..., 0] == 0
        rows, columns = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
        assert hole.sum() == 16 and len(rows) == len(columns) == 4
        tops.add(int(rows[0]))
        lefts.add(int(columns[0]))
    assert tops == set(range(5)) and lefts == set(range(7))


@pytest.mark.parametrize("size", [(16, 16), (9, 14), (1, 3)])
def test_super_resolve_takes_away_what_is_fine_and_keeps_what_is_coarse(size):
    flat = tf.fill((*size, 3), 0.25)
    np.testing.assert_allclose(pairs.super_resolve(flat, None), flat, atol=1e-5)
    fine = tf.tile(tf.constant([[1.0, -1], [-1, 1]])[..., None], (16, 16, 1))
    assert np.abs(pairs.super_resolve(fine, None)[8:-8, 8:-8]).max() < 0.1


def test_edges_are_black_where_a_channel_steps_by_half():
    image = np.zeros((6, 8, 3), np.float32)
    image[:, 4:, 2] = 0.5
    lines = pairs.edges(tf.constant(image), None).numpy()[..., 0]
    np.testing.assert_allclose(lines, np.tile([1, 1, 1, -1, -1, 1, 1, 1], (6, 1)), atol=1e-5)
    half = pairs.edges(tf.constant(image / 2), None).numpy()[..., 0]
    np.testing.assert_allclose(half[:, 3:5], 0, atol=1e-5)


def test_denoise_adds_noise_of_the_given_strength():
    image = tf.zeros((64, 64, 3))
    difference = pairs.denoise(image, seed(0)).numpy()
    assert difference.std() == pytest.approx(50 / 127.5, rel=0.03)
    assert difference.mean() == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize("name", ["inpaint", "denoise"])
def test_draws_differ_from_epoch_to_epoch_only_where_there_is_shuffling(name):
    def epochs(batch_size=6, **arguments):
        data = load_dataset("emoji", "test", pair=name, limit=6, batch_size=batch_size, **arguments)
        return [dict(zip(map(bytes, b), a, strict=True)) for a, b in (arrays(data), arrays(data))]

    def equal(one, other):
        return all(np.array_equal(one[key], other[key]) for key in one)

    first, second = epochs()
    assert first.keys() == second.keys() and not equal(first, second)
    again = epochs()
    assert equal(first, again[0]) and equal(second, again[1])
    assert not equal(first, epochs(seed=1)[0])
    still, same = epochs(shuffle=False)
    assert equal(still, same)
    tf.random.set_seed(7)
    assert equal(still, epochs(batch_size=4, shuffle=False)[0])
    assert len({bytes(a - np.frombuffer(b, "f4").reshape(a.shape)) for b, a in still.items()}) == 6


def test_degradations_of_grey_images_and_of_folders(tmp_path):
    a, b = ordered("mnist", split="test", limit=5, pair="inpaint")
    assert a.shape == b.shape == (5, 28, 28, 1)
    for i in range(5):
        noise(tmp_path / f"{i}.png", i)
    a, b = ordered(tmp_path, pair="colorize")
    assert a.shape == (5, 12, 12, 1) and b.shape == (5, 12, 12, 3)
    with pytest.raises(ValueError, match='pair="colorize" needs images in colour.* mnist are grey'):
        load_dataset("mnist", pair="colorize", limit=100)


# Augmentation


def test_both_images_are_cut_and_mirrored_alike(tmp_path):
    for i in range(10):
        twice = np.tile(np.random.default_rng(i).integers(0, 256, (32, 32, 3), np.uint8), (1, 2, 1))
        tf.io.write_file(str(tmp_path / f"{i}.png"), tf.io.encode_png(twice))
    arguments = dict(pair=("left", "right"), augment="jitter", batch_size=10)
    data = load_dataset(tmp_path, **arguments)
    (a, b), (again, _) = arrays(data), arrays(data)
    whole, _ = ordered(tmp_path, pair=("left", "right"))
    assert a.shape == whole.shape
    np.testing.assert_array_equal(a, b)
    assert len({*map(bytes, a), *map(bytes, again), *map(bytes, whole)}) == 30


def test_jitter_is_a_window_of_the_enlarged_image_mirrored_half_of_the_time():
    ramp = tf.tile(tf.linspace(-1.0, 1.0, 32)[None, :, None], (32, 1, 1))
    enlarged = tf.image.resize(ramp, (36, 36)).numpy()[0, :, 0]
    windows = [enlarged[i : i + 32] for i in range(5)]
    seen = Counter()
    for n in range(100):
        [out] = pairs.jitter([ramp], seed(n))
        row = out.numpy()[0, :, 0]
        flipped = row[0] > row[-1]
        found = [i for i in range(5) if np.allclose(windows[i], row[::-1] if flipped else row)]
        seen[found[0], bool(flipped)] += 1
    assert len(seen) == 10
    assert 30 < sum(count for (_, flipped), count in seen.items() if flipped) < 70


def test_both_images_are_mirrored_alike_half_of_the_time():
    whole = ordered("emoji", split="test", limit=100, pair=("line", "color"))
    a, b = ordered("emoji", split="test", limit=100, pair=("line", "color"), augment="mirror")
    mirrored = np.array([not np.array_equal(x, y) for x, y in zip(b, whole[1], strict=True)])
    for varied, original in zip((a, b), whole, strict=True):
        np.testing.assert_array_equal(varied[mirrored], original[mirrored, :, ::-1])
        np.testing.assert_array_equal(varied[~mirrored], original[~mirrored])
    assert 25 < mirrored.sum() < 75


def test_augmented_images_keep_their_labels(tmp_path):
    for value in (0, 100, 200):
        save(tmp_path / f"c{value}" / "a.png", value=value)
        save(tmp_path / f"c{value}" / "b.png", value=value)
    data = load_dataset(tmp_path, labels=True, augment="jitter", batch_size=4)
    images, labels = arrays(data)
    np.testing.assert_array_equal(as_bytes(images)[:, 0, 0, 0], 100 * labels)
    assert labels.dtype == np.int32 and data.class_names == ["c0", "c100", "c200"]
    assert arrays(load_dataset(tmp_path, augment="jitter", batch_size=4)).shape == (6, 8, 8, 3)


# Leaving classes out


@pytest.mark.parametrize(("pair", "rows"), [(("line", "color"), 204), (("color", "noto"), 153)])
def test_flags_are_left_out(pair, rows):
    a, b = ordered("emoji", split="test", pair=pair, exclude=("flags",))
    assert len(a) == len(b) == rows
    stored = tfds.load("emoji", split="test", data_dir=DATA, download=False).as_numpy_iterator()
    flags = {row["color"].tobytes() for row in stored if row["group"] == 9}
    color = as_bytes((a, b)[pair.index("color")])
    assert flags and not flags & {image.tobytes() for image in color}


def test_classes_are_left_out_of_labelled_images_before_the_limit(tmp_path):
    data = load_dataset(
        "emoji", "test", labels=True, exclude=("flags", "objects"), limit=50, batch_size=50
    )
    _, labels = arrays(data)
    assert len(labels) == 50
    assert not {data.class_names.index(name) for name in ("flags", "objects")} & set(labels)
    for name in ("cats", "dogs", "owls"):
        save(tmp_path / name / "a.png")
    data = load_dataset(tmp_path, labels=True, exclude=("cats",), batch_size=2, shuffle=False)
    assert arrays(data)[1].tolist() == [1, 2] and data.class_names == ["cats", "dogs", "owls"]


def test_classes_that_there_are_not(tmp_path):
    with pytest.raises(ValueError, match="emoji has no class 'flag' to exclude; .*people-body"):
        load_dataset("emoji", exclude=("flag",))
    with pytest.raises(ValueError, match=r"give the names in a tuple: \('flags',\)"):
        load_dataset("emoji", exclude="flags")
    with pytest.raises(ValueError, match="no class labels; .* Leave labels and exclude out"):
        load_dataset("gk_photos", "even", exclude=("flags",), data_dir=tmp_path)
    save(tmp_path / "cats" / "a.png")
    with pytest.raises(ValueError, match="has no subfolder 'dogs' to exclude; .* are cats"):
        load_dataset(tmp_path, exclude=("dogs",), batch_size=1)
    with pytest.raises(ValueError, match=r"none is left \(exclude=\('cats',\)\)"):
        load_dataset(tmp_path, exclude=("cats",), batch_size=1)


# Without pairs


def test_unpaired_halves_share_no_subject_and_are_shuffled_by_themselves():
    stored = tfds.load("emoji", split="validation", data_dir=DATA, download=False)
    stored = [row for row in stored.as_numpy_iterator() if row["has_noto"] and row["group"] != 9]
    assert len(stored) == 176
    arguments = dict(pair=("color", "noto"), paired=False, exclude=("flags",), batch_size=16)
    data = load_dataset("emoji", "validation", **arguments)
    place = [{row[key].tobytes(): i for i, row in enumerate(stored)} for key in ("color", "noto")]

    def epoch():
        return [
            [where[image.tobytes()] for image in as_bytes(side)]
            for where, side in zip(place, arrays(data), strict=True)
        ]

    assert int(data.cardinality()) == 6  # 88 + 88
    a, b = epoch()
    assert sorted(a) == list(range(0, 176, 2)) and sorted(b) == list(range(1, 176, 2))
    assert [i // 2 for i in a] != [i // 2 for i in b]  # orders of their own
    again = epoch()
    assert (again[0], again[1]) != (a, b) and sorted(again[0]) == sorted(a)
    arguments |= dict(limit=10, shuffle=False, batch_size=4)
    data = load_dataset("emoji", "validation", **arguments)
    assert epoch() == [list(range(0, 20, 2)), list(range(1, 20, 2))]


def test_the_training_halves_of_the_emoji():
    arguments = dict(pair=("color", "noto"), paired=False, exclude=("flags",), batch_size=656)
    [(a, b)] = load_dataset("emoji", **arguments)
    assert len(a) == len(b) == 656


def test_unpaired_degradations_come_from_other_images():
    whole = ordered("emoji", split="test", limit=20)
    arguments = dict(split="test", pair="colorize", paired=False)
    a, b = ordered("emoji", limit=10, **arguments)
    np.testing.assert_array_equal(b, whole[1::2])
    np.testing.assert_allclose(a, pairs.colorize(tf.constant(whole[::2]), None), atol=1e-6)
    a, b = ordered("emoji", limit=10, augment="jitter", **arguments)
    assert a.shape == (10, 64, 64, 1) and b.shape == (10, 64, 64, 3)


@pytest.fixture
def sides(tmp_path):
    """Folders of 3 and 7 images of their own sizes and values."""
    for i in range(3):
        save(tmp_path / "photos" / f"{i}.png", (8, 8, 3), value=10 * i)
    for i in range(7):
        save(tmp_path / "drawings" / f"{i}.png", (6, 10), value=100 + i)
    return tmp_path / "photos", tmp_path / "drawings"


@pytest.mark.parametrize("memory", [catalogue.MEMORY, 150])
def test_two_folders_of_any_lengths(sides, memory, monkeypatch):
    monkeypatch.setattr(catalogue, "MEMORY", memory)
    data = load_dataset(sides, paired=False, batch_size=5)
    assert data.element_spec[0].shape == (None, 8, 8, 3)
    assert data.element_spec[1].shape == (None, 6, 10, 1)
    assert [len(a) for a, _ in data] == [5, 2] and int(data.cardinality()) == 2
    epochs = [[list(as_bytes(side)[:, 0, 0, 0]) for side in arrays(data)] for _ in range(4)]
    for a, b in epochs:
        assert sorted(b) == list(range(100, 107))
        # Twice all three, then one of them again.
        assert sorted(a[:3]) == sorted(a[3:6]) == [0, 10, 20] and a[6] in (0, 10, 20)
    assert len({tuple(b) for _, b in epochs}) > 1 and len({tuple(a) for a, _ in epochs}) > 1
    swapped = ordered(sides[::-1], paired=False)
    assert as_bytes(swapped[1])[:, 0, 0, 0].tolist() == [0, 10, 20, 0, 10, 20, 0]


def test_unpaired_folders_of_equal_names_are_not_shuffled_alike(tmp_path):
    for i in range(30):
        save(tmp_path / "a" / f"{i:02}.png", value=i)
        save(tmp_path / "b" / f"{i:02}.png", value=i)
    a, b = arrays(load_dataset((tmp_path / "a", tmp_path / "b"), paired=False, batch_size=10))
    assert np.mean(a[:, 0, 0, 0] == b[:, 0, 0, 0]) < 0.3


def test_two_splits_of_a_data_set(tmp_path):
    arguments = dict(data_dir=tmp_path, image_size=8, batch_size=4)
    data = load_dataset("gk_photos", ("even", "mixed[:50%]"), paired=False, **arguments)
    a, b = arrays(data)
    assert a.shape == b.shape == (12, 8, 8, 3)
    assert int(data.cardinality()) == 3


def test_horses_and_zebras_without_a_network(no_network, tmp_path):  # noqa: F811
    with pytest.raises(ConnectionError, match="efrosgans.*tfds build cycle_gan/horse2zebra"):
        load_dataset("cycle_gan/horse2zebra", ("trainA", "trainB"), paired=False, data_dir=tmp_path)


def test_pairs_that_are_in_train_too_are_as_many_as_the_readmes_say():
    def pairs(split, exclude=()):
        sides = ordered("emoji", split=split, pair=("line", "color"), exclude=exclude)
        return [(a.tobytes(), b.tobytes()) for a, b in zip(*sides, strict=True)]

    train = set(pairs("train"))
    found = [sum(pair in train for pair in pairs(split)) for split in ("test", "validation")]
    assert found == [7, 5]
    assert sum(pair in train for pair in pairs("test", ("flags",))) == 5


# Pairs in folders


def test_halves_of_files(tmp_path):
    files = [noise(tmp_path / f"{i}.png", i, (8, 16, 3)) for i in range(5)]
    left, right = ordered(tmp_path, pair=("left", "right"))
    np.testing.assert_array_equal(as_bytes(left), [image[:, :8] for image in files])
    np.testing.assert_array_equal(as_bytes(right), [image[:, 8:] for image in files])
    for a, b in zip(ordered(tmp_path, pair=("right", "left")), (right, left), strict=True):
        np.testing.assert_array_equal(a, b)
    a, b = ordered(tmp_path, pair=("left", "right"), paired=False, batch_size=3)
    np.testing.assert_array_equal(a, left[::2])
    np.testing.assert_array_equal(b, right[[1, 3, 1]])  # two of them: one comes again
    assert ordered(tmp_path, pair=("left", "right"), image_size=4)[0].shape == (5, 4, 4, 3)
    noise(tmp_path / "odd.png", 9, (8, 15, 3))
    with pytest.raises(ValueError, match="odd.png .it is 15 pixels wide: no two halves"):
        load_dataset(tmp_path, pair=("left", "right"), batch_size=2)
    for i in range(5):
        (tmp_path / f"{i}.png").unlink()
    with pytest.raises(ValueError, match="None of the 1 images.*odd.png: it is 15 pixels wide"):
        load_dataset(tmp_path, pair=("left", "right"), batch_size=2, broken="skip")


@pytest.fixture
def partners(tmp_path):
    folders = tmp_path / "maps", tmp_path / "photos"
    maps = [noise(folders[0] / "town" / f"{i}.png", i, (12, 12, 1)) for i in range(6)]
    photos = [noise(folders[1] / "town" / f"{i}.PNG", 10 + i) for i in range(6)]
    return folders, np.stack(maps), np.stack(photos)


@pytest.mark.parametrize("memory", [catalogue.MEMORY, 1000])
def test_two_folders_of_equal_names(partners, memory, monkeypatch):
    monkeypatch.setattr(catalogue, "MEMORY", memory)
    folders, maps, photos = partners
    a, b = ordered(folders)
    np.testing.assert_array_equal(as_bytes(a), maps)
    np.testing.assert_array_equal(as_bytes(b), photos)
    data = load_dataset(folders, batch_size=4)
    a, b = (as_bytes(side) for side in arrays(data))
    found = [map(bytes, a), map(bytes, b)]
    assert sorted(zip(*found, strict=True)) == sorted(
        zip(map(bytes, maps), map(bytes, photos), strict=True)
    )
    assert data.element_spec[0].shape == (None, 12, 12, 1)
    assert len(ordered(folders, limit=3, batch_size=3)[0]) == 3


def test_a_missing_partner_is_named(partners):
    folders = partners[0]
    noise(folders[1] / "village" / "x.png", 0)
    message = r"1 images have no partner: .*photos/village/x.png \(no village/x.\* in .*maps\)"
    with pytest.raises(ValueError, match=message):
        load_dataset(folders, batch_size=2)
    (folders[0] / "town" / "3.png").unlink()
    with pytest.raises(ValueError, match="2 images have no partner: .*photos/town/3.PNG.*village"):
        load_dataset(folders, batch_size=2)
    assert len(ordered(folders, paired=False)[0]) == 7


def test_a_name_with_two_suffixes_is_refused(partners):
    folders = partners[0]
    noise(folders[0] / "town" / "3.jpg", 0)
    with pytest.raises(ValueError, match="3.jpg and 3.png differ in their suffix alone"):
        load_dataset(folders, batch_size=2)


@pytest.mark.filterwarnings("ignore:1 images in .* They are left out")
def test_a_broken_file_takes_its_partner_with_it(partners):
    folders, maps, photos = partners
    (folders[1] / "town" / "2.PNG").write_bytes(b"")
    with pytest.raises(ValueError, match="1 images in .*maps and .*photos cannot .*2.PNG"):
        load_dataset(folders, batch_size=2)
    for paired, length in ((True, 5), (False, 6)):
        with pytest.warns(UserWarning, match="2.PNG") as warned:
            data = load_dataset(folders, broken="skip", paired=paired, batch_size=2, shuffle=False)
        assert warned[0].filename == __file__
        a, b = arrays(data)
        assert len(a) == len(b) == length
    a, b = ordered(folders, broken="skip")
    keep = [0, 1, 3, 4, 5]
    np.testing.assert_array_equal(as_bytes(a), maps[keep])
    np.testing.assert_array_equal(as_bytes(b), photos[keep])


def test_sides_of_a_pair_must_be_of_one_size(tmp_path):
    noise(tmp_path / "a" / "0.png", 0, (8, 8, 3))
    noise(tmp_path / "b" / "0.png", 0, (16, 16, 3))
    folders = tmp_path / "a", tmp_path / "b"
    with pytest.raises(ValueError, match=r"differ in size in .*: \(8, 8\) and \(16, 16\)"):
        load_dataset(folders, batch_size=1)
    assert ordered(folders, image_size=8, batch_size=1)[1].shape == (1, 8, 8, 3)


# All of them


def test_streaming_gives_the_same_as_memory(monkeypatch):
    arguments = dict(split="test", limit=20, exclude=("flags",))
    calls = [
        dict(pair=("color", "noto")),
        dict(pair=("color", "noto"), paired=False),
        dict(pair="denoise", augment="jitter"),
    ]
    memory = [ordered("emoji", **arguments, **call) for call in calls]
    monkeypatch.setattr(catalogue, "MEMORY", 64 * 64 * 6 * 5)
    for call, expected in zip(calls, memory, strict=True):
        for a, b in zip(expected, ordered("emoji", **arguments, **call), strict=True):
            np.testing.assert_array_equal(a, b)
    # Without a limit the number of those wanted must be known before they are read.
    streamed = load_dataset("emoji", "test", pair=("color", "noto"), batch_size=50)
    assert [len(a) for a, _ in streamed] == [50, 50, 50, 25]


@pytest.mark.parametrize("paired", [True, False])
def test_two_replicas_share_a_batch(paired):
    data = load_dataset(
        "emoji", "test", pair="inpaint", paired=paired, limit=8, batch_size=4, shuffle=False
    )
    whole = arrays(data)
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    shared = strategy.experimental_distribute_dataset(data)
    parts = [strategy.experimental_local_results(side) for batch in shared for side in batch]
    for side in (0, 1):
        joined = np.concatenate([part for values in parts[side::2] for part in values])
        np.testing.assert_array_equal(joined, whole[side])


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("emoji", dict(pair="noto"), "must be one of colorize, inpaint.*or name two images"),
        ("emoji", dict(paired=False), "needs two sides.*pass pair="),
        ("emoji", dict(pair="edges", labels=True), "either labels or a pair"),
        ("emoji", dict(split=("train", "test")), "share no subject.*pass paired=False"),
        ("emoji", dict(split=("train",)), r"split is \('train',\); it must be one, or two"),
        (("mnist", "emoji"), dict(), "mnist and emoji are not two folders.*pass paired=False"),
        (("mnist", "emoji"), dict(pair="edges"), "two names are a and b already: leave pair out"),
        ("emoji", dict(pair=("left", "right")), "must be two of color, line, noto, or one of the"),
        (".", dict(pair=("line", "color")), r"is a folder.*\(folder_a, folder_b\)"),
    ],
)
def test_arguments_that_make_no_sense_together(name, arguments, message):
    with pytest.raises(ValueError, match=message):
        load_dataset(name, **arguments)


def test_two_names():
    arguments = dict(paired=False, image_size=32, channels=3, limit=10, batch_size=10)
    a, b = ordered(("mnist", "emoji"), split="test", **arguments)
    assert a.shape == b.shape == (10, 32, 32, 3)
