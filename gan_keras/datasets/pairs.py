"""Pairs of images: made from one image by degrading it, varied alike, or joined without being such.

All images here are float32 in [-1, 1], (height, width, channels). `seed` is a tensor of two
integers, as TensorFlow's stateless draws take it.
"""

import tensorflow as tf


def colorize(image, seed):
    """Colour to grey; to be undone: which colours were these?"""
    return tf.image.rgb_to_grayscale(image)


def inpaint(image, seed):
    """A square hole at a random place, half as high and wide as the smaller side: grey, 0.

    Of a square image that is a quarter, as in Pathak et al. 2016, arXiv:1604.07379, section 3.3.
    """
    height, width = image.shape[:2]
    side = max(min(height, width) // 2, 1)
    place = tf.random.stateless_uniform([2], seed)
    top = tf.cast(place[0] * (height - side + 1), tf.int32)
    left = tf.cast(place[1] * (width - side + 1), tf.int32)
    rows, columns = tf.range(height)[:, None], tf.range(width)
    hole = (rows >= top) & (rows < top + side) & (columns >= left) & (columns < left + side)
    return tf.where(hole[..., None], 0.0, image)


def super_resolve(image, seed):
    """Shrunk by 4 and enlarged again, bicubic: the input of Dong et al. 2015, arXiv:1501.00092."""
    size = image.shape[:2]
    small = tf.image.resize(image, [-(-side // 4) for side in size], "bicubic", antialias=True)
    return tf.clip_by_value(tf.image.resize(small, size, "bicubic"), -1, 1)


def edges(image, seed):
    """Sobel's gradient as dark lines on white, one channel: black where a channel steps by 1/2."""
    vertical, horizontal = tf.unstack(tf.image.sobel_edges(image[None])[0], axis=-1)
    # A step of s gives a gradient of 4 s. The strongest channel counts: two colours may be
    # equally bright.
    steepest = tf.reduce_max(tf.sqrt(vertical**2 + horizontal**2), axis=-1, keepdims=True)
    return 1 - tf.minimum(steepest, 2)


def denoise(image, seed):
    """Gaussian noise of standard deviation 50 of 255, as Zhang et al. 2016, arXiv:1608.03981."""
    noise = tf.random.stateless_normal(image.shape, seed, stddev=50 / 127.5)
    return tf.clip_by_value(image + noise, -1, 1)


DEGRADATIONS = {
    function.__name__: function for function in (colorize, inpaint, super_resolve, edges, denoise)
}


def mirror(images, seed):
    """Every second time, all `images` mirrored left to right."""
    turn = tf.random.stateless_uniform([], seed) < 0.5
    return [tf.where(turn, image[:, ::-1], image) for image in images]


def jitter(images, seed):
    """A random window of all `images`, which are of one size, and every second time mirrored.

    Isola et al. 2017, arXiv:1611.07004, section 6.2: enlarge 256 to 286 pixels, cut 256 out at a
    random place, mirror.
    """
    stacked = tf.concat(images, axis=-1)
    height, width = stacked.shape[:2]
    larger = tf.constant([round(height * 286 / 256), round(width * 286 / 256)])
    draws = tf.random.stateless_uniform([3], seed)
    room = tf.cast(larger - [height, width] + 1, tf.float32)
    top, left = tf.unstack(tf.cast(draws[:2] * room, tf.int32))
    varied = tf.image.resize(stacked, larger)
    varied = tf.slice(varied, [top, left, 0], stacked.shape)
    varied = tf.where(draws[2] < 0.5, varied, varied[:, ::-1])
    return tf.split(varied, [image.shape[-1] for image in images], axis=-1)


AUGMENTATIONS = {function.__name__: function for function in (mirror, jitter)}


def to_model_range(array):
    """Images, which are uint8, to float32 in [-1, 1]; labels as they are."""
    return tf.cast(array, tf.float32) / 127.5 - 1.0 if array.dtype == tf.uint8 else array


def vary(examples, augment, degrade, shuffle, seed, keep=True):
    """Augment the images of each example alike, then put what `degrade` makes of them before them.

    The draws are others in every epoch where there is shuffling. Without, they depend on the place
    of the example alone, so that scores can be compared.

    Args:
        examples: `tf.data.Dataset` of (image, ..., label), images uint8, the label optional.
        augment: one of `AUGMENTATIONS`, or None.
        degrade: one of `DEGRADATIONS`, or None.
        keep: False leaves out the whole image beside the degraded one.
    """
    if not (augment or degrade):
        return examples
    if shuffle:
        numbers = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True)
    else:
        numbers = tf.data.Dataset.counter()

    def change(parts, number):
        images = [to_model_range(part) for part in parts if part.dtype == tf.uint8]
        labels = parts[len(images) :]
        variation, damage = tf.unstack(tf.random.split(tf.stack([seed or 0, number])))
        if augment:
            images = augment(images, variation)
        if degrade:
            images = [degrade(images[0], damage), *(images if keep else ())]
        return (*images, *labels)

    return tf.data.Dataset.zip(examples, numbers).map(change, num_parallel_calls=tf.data.AUTOTUNE)


def join(a, b):
    """Elements of `a` and `b` side by side; the shorter one starts again within an epoch."""
    longer = max(a.cardinality(), b.cardinality())
    a, b = (side if side.cardinality() == longer else side.repeat() for side in (a, b))
    return tf.data.Dataset.zip(a, b).map(lambda a, b: (*a, *b))
