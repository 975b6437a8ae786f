"""Layers that Keras lacks, registered so that models with them can be saved and loaded."""

import functools

import keras
import numpy as np
import tensorflow as tf
from keras import layers


@keras.saving.register_keras_serializable("gan_keras")
class ReflectionPadding2D(layers.Layer):
    """Continues an image beyond its edges by its mirror image, the edge itself not repeated.

    (batch, height, width, channels) -> (batch, height + 2 padding, width + 2 padding, channels).
    Zeros would put a dark frame around it, whose traces a generator leaves in its images.

    Raises:
        ValueError: on a first call with images that are not larger than padding.
    """

    def __init__(self, padding: int = 1, **kwargs):
        super().__init__(**kwargs)
        self.padding = padding

    def build(self, input_shape):
        if min(input_shape[1:3]) <= self.padding:
            raise ValueError(
                f"An image of {input_shape[1]} x {input_shape[2]} cannot be reflected by "
                f"{self.padding} pixels: height and width must be at least {self.padding + 1}. "
                "Use larger images, or fewer convolutions of stride 2 before this layer."
            )

    def call(self, x):
        around = [self.padding, self.padding]
        return tf.pad(x, [[0, 0], around, around, [0, 0]], mode="REFLECT")

    def compute_output_shape(self, input_shape):
        batch, height, width, channels = input_shape
        return batch, height + 2 * self.padding, width + 2 * self.padding, channels

    def get_config(self):
        return {**super().get_config(), "padding": self.padding}


@keras.saving.register_keras_serializable("gan_keras")
class Dense(layers.Dense):
    """Keras' layer, with a gradient for its input that takes less time on a processor.

    It is a product with the kernel transposed. TensorFlow's `einsum` computes that by another
    routine than its `matmul`, which Keras uses. The results are Keras' up to rounding. In other
    types than float32, and for inputs of other ranks than 2, it is Keras' own.

    Args:
        **kwargs: as for Keras' layer.
    """

    def call(self, x, training=None):
        if self.compute_dtype != "float32" or len(x.shape) != 2:
            return super().call(x, training=training)
        y = _matrix_product(x, tf.convert_to_tensor(self.kernel))
        if self.use_bias:
            y = tf.nn.bias_add(y, tf.convert_to_tensor(self.bias))
        return y if self.activation is None else self.activation(y)


@tf.custom_gradient
def _matrix_product(x, kernel):
    def gradients(upstream):
        for_x = tf.einsum("no,io->ni", upstream, kernel)
        return for_x, tf.matmul(x, upstream, transpose_a=True)

    return tf.matmul(x, kernel), gradients


@keras.saving.register_keras_serializable("gan_keras")
class Conv2D(layers.Conv2D):
    """Keras' layer, which takes less time on a processor for few filters and a large kernel.

    Such is the last layer of many a generator, with one filter or three. What computes convolutions
    on a processor works on many filters at once, and is mostly idle there. Here a convolution along
    each row gives a number for each row of the kernel, as that many filters, and a second one,
    whose kernel is of zeros and ones, adds those that belong together. The results are Keras' up to
    rounding. From 8 filters on, or with kernels of fewer than 5 rows, it is Keras' own.

    Args:
        **kwargs: as for Keras' layer.
    """

    def call(self, x):
        plain = self.groups == 1 and self.dilation_rate == (1, 1)
        plain = plain and self.data_format == "channels_last"
        if self.kernel_size[0] < 5 or self.filters >= 8 or not plain:
            return super().call(x)
        kernel = tf.cast(tf.convert_to_tensor(self.kernel), x.dtype)
        y = convolve_in_two(x, kernel, self.strides, self.padding.upper())
        if self.use_bias:
            y = tf.nn.bias_add(y, tf.cast(tf.convert_to_tensor(self.bias), y.dtype))
        return self.activation(y)


def convolve_in_two(x, kernel, strides=(1, 1), padding="VALID"):
    """`tf.nn.conv2d` of images (batch, H, W, C) along their rows, then down their columns."""
    rows, columns, channels, filters = kernel.shape
    along = tf.reshape(tf.transpose(kernel, (1, 2, 0, 3)), (1, columns, channels, rows * filters))
    # Of each row of the kernel the first filter goes to the result's first, and so on.
    down = np.eye(rows * filters).reshape(rows, filters, 1, rows * filters).transpose(0, 2, 3, 1)
    x = tf.nn.conv2d(x, along, (1, strides[1]), padding)
    return tf.nn.conv2d(x, tf.constant(down, x.dtype), (strides[0], 1), padding)


@keras.saving.register_keras_serializable("gan_keras")
class UpsampledConv2D(Conv2D):
    """A 3 x 3 convolution of an image twice as large, each pixel four times, in less time.

    (batch, height, width, channels) -> (batch, 2 height, 2 width, filters): up to rounding the same
    as `UpSampling2D`, `ReflectionPadding2D(1)` and `Conv2D(filters, 3)`. Of the nine pixels under
    the kernel at most four differ there. So each of the four that take the place of one comes from
    a convolution of 2 x 2 of the small image, with the sums of those taps that meet equal pixels.

    Args:
        filters: of the result.
        **kwargs: as for Keras' layer, but what is fixed here: a kernel of 3 x 3, strides of 1.

    Raises:
        ValueError: for another kernel, strides, padding, dilation, groups or order of axes.
    """

    def __init__(self, filters, kernel_size=3, **kwargs):
        super().__init__(filters, kernel_size, **kwargs)
        given = (self.kernel_size, self.strides, self.padding, self.dilation_rate, self.groups)
        if given != ((3, 3), (1, 1), "valid", (1, 1), 1) or self.data_format != "channels_last":
            raise ValueError(
                f"kernel_size, strides, padding, dilation_rate and groups are {given}, and the "
                f"images have {self.data_format}; UpsampledConv2D needs a kernel of 3 x 3, no "
                "other options, and channels last. Use UpSampling2D and Conv2D for others."
            )

    def build(self, input_shape):
        batch, *sides, channels = input_shape
        super().build((batch, *(side and 2 * side + 2 for side in sides), channels))

    def call(self, x):
        y = convolve_upsampled(x, tf.cast(tf.convert_to_tensor(self.kernel), x.dtype))
        if self.use_bias:
            y = tf.nn.bias_add(y, tf.cast(tf.convert_to_tensor(self.bias), y.dtype))
        return self.activation(y)

    def compute_output_shape(self, input_shape):
        batch, *sides, _ = input_shape
        return batch, *(side and 2 * side for side in sides), self.filters


def convolve_upsampled(x, kernel):
    """What a 3 x 3 kernel makes of `x` twice as large, its edge reflected.

    Args:
        x: (batch, height, width, channels).
        kernel: (3, 3, channels, filters).
    """
    # Where two rows of x meet, two rows of the result do: the upper comes from twice the upper row
    # of x and the lower, the lower from the upper and twice the lower. Likewise in columns. So a
    # window of 2 x 2 pixels gives the 2 x 2 that meet in its middle.
    taps = tf.constant(np.einsum("pia,qjb->pqijab", _MET, _MET), x.dtype)
    channels, filters = kernel.shape[2:]
    kernels = tf.einsum("pqijab,abcf->ijcpqf", taps, kernel)
    kernels = tf.reshape(kernels, (2, 2, channels, 4 * filters))
    around = [[0, 0], [1, 1], [1, 1], [0, 0]]
    x = tf.pad(x, around, "SYMMETRIC")  # The edge itself repeated: after doubling, reflection.
    y = tf.nn.depth_to_space(tf.nn.conv2d(x, kernels, 1, "VALID"), 2)
    for axis in (1, 2):  # [:, 1:-1, 1:-1], whose gradient takes several times as long.
        _, y, _ = tf.split(y, (1, -1, 1), axis)
    return y


# Of the upper and the lower row of the result: which of three taps meet which of two rows.
_MET = np.array([[[1, 1, 0], [0, 0, 1]], [[1, 0, 0], [0, 1, 1]]])


@keras.saving.register_keras_serializable("gan_keras")
class BatchNormalization(layers.BatchNormalization):
    """Keras' layer, for images, with TensorFlow's fused operation in training.

    Keras 3 reads a batch several times over, and in float32 whatever the policy; here one operation
    does it in the policy's type, with statistics in float32. The results are Keras' up to rounding.

    Args:
        **kwargs: as for Keras' layer; the images must be (batch, height, width, channels), scaled
            and shifted.

    Raises:
        ValueError: for inputs of another rank, or options that the fused operation lacks.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        plain = self.scale and self.center and not getattr(self, "renorm", False)
        if self.axis not in (-1, 3) or not plain or self.synchronized:
            raise ValueError(
                "The fused batch normalization takes axis=-1, scale=True, center=True, "
                "synchronized=False and renorm=False; use keras.layers.BatchNormalization for "
                "others."
            )

    def build(self, input_shape):
        _check_images(self, input_shape)
        super().build(input_shape)

    def call(self, x, training=False, mask=None):
        if not training or not self.trainable or mask is not None:
            return super().call(x, training=training, mask=mask)
        y, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            x, tf.convert_to_tensor(self.gamma), tf.convert_to_tensor(self.beta),
            epsilon=self.epsilon, is_training=True,
        )  # fmt: skip
        n = tf.cast(tf.reduce_prod(tf.shape(x)[:3]), tf.float32)
        variance *= (n - 1) / n  # The operation estimates the variance of all images, Keras not.
        for moving, now in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(self.momentum * moving + (1 - self.momentum) * now)
        return y


@keras.saving.register_keras_serializable("gan_keras")
class InstanceNormalization(layers.GroupNormalization):
    """Each channel of each image brought to mean 0 and variance 1 (Ulyanov et al. 2016).

    (batch, height, width, channels) -> the same. Keras' layer with a group for each channel, and
    its gradient written out, which takes fewer operations than the one that TensorFlow derives. The
    results are Keras' up to rounding; both compute in float32 whatever the policy. Nothing is
    learned, no scale and no shift, as in the PyTorch code of CycleGAN's authors.

    Args:
        **kwargs: as for Keras' layer, without `groups`.

    Raises:
        ValueError: for inputs of another rank, or options that are not here.
    """

    def __init__(self, **kwargs):
        super().__init__(groups=-1, **{"scale": False, "center": False, **kwargs})
        if self.axis not in (-1, 3) or self.scale or self.center:
            raise ValueError(
                "The instance normalization takes axis=-1, scale=False and center=False; use "
                "keras.layers.GroupNormalization(groups=-1) for others."
            )

    def build(self, input_shape):
        _check_images(self, input_shape)
        super().build(input_shape)

    def call(self, x):
        y = _normalized_by_image(tf.cast(x, tf.float32), self.epsilon)
        return tf.cast(y, self.compute_dtype)

    @classmethod
    def from_config(cls, config):
        # A layer that is built has the number of its channels there.
        return super().from_config({k: v for k, v in config.items() if k != "groups"})


def _normalized_by_image(x, epsilon):
    """(x - mean) / sqrt(variance + epsilon), over each image's pixels."""
    rows_and_columns = tf.constant((1, 2))
    mean_of = functools.partial(tf.reduce_mean, axis=rows_and_columns, keepdims=True)

    @tf.custom_gradient
    def normalize(x):
        centred = x - mean_of(x)
        scale = tf.math.rsqrt(mean_of(tf.square(centred)) + epsilon)
        y = scale * centred

        def gradient(upstream):
            return scale * (upstream - mean_of(upstream) - y * mean_of(upstream * y))

        return y, gradient

    return normalize(x)


def _check_images(layer, input_shape):
    if len(input_shape) != 4:
        kind = type(layer)
        raise ValueError(
            f"The input has shape {tuple(input_shape)}; {kind.__name__} needs (batch, height, "
            f"width, channels). Use keras.layers.{kind.__base__.__name__}."
        )


def initializer(stddev: float | None):
    """Normal with mean 0 and this standard deviation; None for Keras' default, Glorot's.

    Call it for each layer: an initializer that layers share repeats its values.
    """
    if stddev is None:
        return "glorot_uniform"
    return keras.initializers.RandomNormal(stddev=stddev)


def normalize(x, kind: str | None):
    """`x` (batch, H, W, C), each channel normalised to mean 0 and variance 1.

    Args:
        kind: "batch", over all images of a batch, then scaled and shifted as learned; "instance",
            over each image alone (Ulyanov et al. 2016, arXiv:1607.08022), which learns nothing;
            None leaves x as it is.

    Raises:
        ValueError: for another kind.
    """
    if kind is None:
        return x
    if kind == "batch":
        return BatchNormalization(momentum=0.9, epsilon=1e-5)(x)
    if kind == "instance":
        return InstanceNormalization(epsilon=1e-5)(x)
    raise ValueError(f'normalization is {kind!r}; it must be "batch", "instance" or None.')


@keras.saving.register_keras_serializable("gan_keras")
class ImagePool(layers.Layer):
    """The last images that a generator drew, from which its discriminator is shown some again.

    A discriminator that only sees the newest images forgets what was wrong with earlier ones, and
    the generator may go back to them (Shrivastava et al. 2017, arXiv:1612.07828, section 2.3). As
    in the code of Zhu et al. 2017, of each image that comes in, one after the other:

    - while the pool is not full, it is stored and returned;
    - afterwards, with probability 1/2, it is returned and not stored; else it is stored in place of
      a random one of the pool, which is returned.

    The pool is saved with the model. On several replicas each has a pool of its own, of what it
    drew itself; saved is the first one's, and loaded into all.

    Args:
        image_shape: (height, width, channels).
        size: images in the pool. 0 returns all images as they come.
    """

    remembers = True  # A training that is lost goes back to the pool of the epoch's beginning.

    def __init__(self, image_shape, size: int = 50, dtype="float32", **kwargs):
        super().__init__(dtype=dtype, **kwargs)
        if int(size) != size or size < 0:
            raise ValueError(f"The size of the pool is {size}; it must be a whole number, 0 or up.")
        self.image_shape, self.size = tuple(image_shape), size
        self.images = self._variable("images", (size, *self.image_shape), self.dtype)
        self.count = self._variable("count", (), "int64")  # An int32 would not be on a GPU.
        self.built = True

    def _variable(self, name, shape, dtype):
        return keras.Variable(
            tf.zeros(shape, dtype), trainable=False, name=name, autocast=False,
            aggregation="only_first_replica", synchronization="on_read",
        )  # fmt: skip

    def call(self, images, seed):
        """(batch, *image_shape) -> the same number of images, new or from the pool.

        Args:
            seed: a pair of int32, as `GenerativeModel.step_seed` gives it.
        """
        if self.size == 0:
            return images
        n, pool = tf.shape(images)[0], self.images.value
        # A row for each image: is it stored, and in which place.
        u = tf.random.stateless_uniform((2, n), seed)
        vacant = tf.cast(self.count.value, tf.int32) + tf.range(n)
        filling = vacant < self.size
        place = tf.where(filling, vacant, tf.cast(u[1] * self.size, tf.int32))
        stored = filling | (u[0] < 0.5)

        # One after the other: a place may hold an earlier image of this very batch.
        earlier = tf.range(n)[None, :] < tf.range(n)[:, None]
        before = _last_marked(earlier & stored & (place[None, :] == place[:, None]))
        after = _last_marked(stored & (place[None, :] == tf.range(self.size)[:, None]))

        both = tf.concat([images, pool], axis=0)
        shown = tf.where(before >= 0, before, n + place)
        returned = tf.gather(both, tf.where(stored & ~filling, shown, tf.range(n)))
        kept = tf.where(after >= 0, after, n + tf.range(self.size))
        self.images.assign(tf.gather(both, kept))
        # With a fixed size of batch nothing else would make it wait for images that may not come.
        with tf.control_dependencies([returned]):
            count = self.count.value + tf.cast(n, tf.int64)
            self.count.assign(tf.minimum(count, self.size))
        return returned

    def get_config(self):
        return {**super().get_config(), "image_shape": self.image_shape, "size": self.size}


def _last_marked(marked):
    """The last marked column of each row, -1 where there is none: (rows, columns) -> (rows,)."""
    columns = tf.range(tf.shape(marked)[1])
    return tf.reduce_max(tf.where(marked, columns, -1), axis=1)


@keras.saving.register_keras_serializable("gan_keras")
class DifferentiableAugment(layers.Layer):
    """In training, varies colours and place of each image at random, and hides a part of it.

    A discriminator that is shown few images learns them by heart. Varied real images alone would
    teach the generator the variations. So the discriminator sees real and generated images through
    this layer alike, and its gradient reaches the generator through it: Zhao et al. 2020,
    arXiv:2006.10738, section 3.2. Of each image, (height, width, channels) in [-1, 1],

    - brightness: up to 0.5 is added or taken away,
    - saturation: the distance from the grey of each pixel is scaled by 0 to 2,
    - contrast: the distance from the mean of the image is scaled by 0.5 to 1.5,
    - place: shifted by up to an eighth of height and width; the edge is continued, where the
      paper's code puts zeros,
    - cutout: a rectangle of half the height and half the width, around any pixel, is set to 0.

    Args:
        seed: of the draws.
    """

    def __init__(self, seed: int | None = None, **kwargs):
        super().__init__(**kwargs)
        self.seed = seed
        self.draws = keras.random.SeedGenerator(seed)
        self.built = True

    def call(self, images, training=False):
        if not training:
            return images
        return self._cut_out(self._shift(self._recolour(images)))

    def _uniform(self, shape, low, high):
        draw = keras.random.uniform(shape, low, high, dtype="float32", seed=self.draws)
        return tf.cast(draw, self.compute_dtype)

    def _recolour(self, x):
        each = (tf.shape(x)[0], 1, 1, 1)
        x += self._uniform(each, -0.5, 0.5)
        grey = tf.reduce_mean(x, axis=-1, keepdims=True)
        x = grey + (x - grey) * self._uniform(each, 0, 2)
        mean = tf.reduce_mean(x, axis=(1, 2, 3), keepdims=True)
        return mean + (x - mean) * self._uniform(each, 0.5, 1.5)

    def _shift(self, x):
        n = tf.shape(x)[0]
        for axis, side in ((1, x.shape[1]), (2, x.shape[2])):
            room = side // 8
            steps = keras.random.randint((n, 1), -room, room + 1, seed=self.draws)
            places = tf.clip_by_value(tf.range(side) + steps, 0, side - 1)
            x = tf.gather(x, places, axis=axis, batch_dims=1)
        return x

    def _cut_out(self, x):
        n = tf.shape(x)[0]

        def near(side):
            middle = keras.random.randint((n, 1), 0, side, seed=self.draws)
            return tf.abs(2 * (tf.range(side) - middle) + 1) < side // 2

        rows, columns = near(x.shape[1]), near(x.shape[2])
        hidden = rows[:, :, None, None] & columns[:, None, :, None]
        return tf.where(hidden, tf.zeros_like(x), x)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}
