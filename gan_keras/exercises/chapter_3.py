"""Exercises of chapter 3: DCGAN."""

from gan_keras import latent, metrics
from gan_keras.exercises.answers import (
    NotAnAnswer,
    call,
    close,
    floats,
    numbers,
    require,
    returned,
)
from gan_keras.exercises.registry import exercise, unchecked
from gan_keras.models import dcgan
from gan_keras.pretrained import load_pretrained

import keras
import numpy as np
import tensorflow as tf
from keras import layers


@exercise(
    "3.1",
    takes="six whole numbers: the weights of the four convolutions and of the logit's layer, and "
    "how many pixels a unit of the last convolution sees along one axis.",
    hint="A kernel has a weight for each of its pixels and each pair of channels, and each output "
    "channel a bias. For the view, go up layer by layer: how far apart do neighbouring units lie?",
)
def by_hand(answer):
    *weights, view = numbers(answer, 6)
    D = dcgan.build_discriminator((64, 64, 3), width=32, kernel_size=4, batch_norm=False)
    counted = [layer for layer in D.layers if layer.weights]
    for i, (layer, given) in enumerate(zip(counted, weights, strict=True), 1):
        name = f"convolution {i}" if isinstance(layer, layers.Conv2D) else "the logit's layer"
        biases = layer.bias.shape[0]
        require(
            given != layer.count_params() - biases, f"{given:,.0f} for {name} leaves out biases."
        )
        require(given == layer.count_params(), f"{name} does not have {given:,.0f} weights.")
    require(view == _view(D), f"a unit of the last convolution does not see {view:g} pixels.")
    return "Weights grow fourfold from layer to layer, while pixels become a quarter as many."


def _view(network) -> int:
    """Over how many rows of the image one inner unit of the last convolution reaches."""
    last = [layer for layer in network.layers if isinstance(layer, layers.Conv2D)][-1]
    image = tf.random.stateless_normal((1, *network.input_shape[1:]), seed=(0, 0))
    with tf.GradientTape() as tape:
        tape.watch(image)
        unit = keras.Model(network.inputs, last.output)(image)[0, 2, 2, 0]
    return np.any(tape.gradient(unit, image)[0].numpy() != 0, axis=(1, 2)).sum()


unchecked(
    "3.2",
    hint="What is the mean of the logits of each batch after the normalisation? Softplus is "
    "convex.",
    instead="A proof is for a person to judge: it names the mean of both batches, uses that "
    "softplus is convex, and says when the bound is reached. Then train one, and see that d_loss "
    "stays above.",
)


@exercise(
    "3.3",
    takes="your generator, a Keras model from `(batch, latent_dim)` to `(batch, 28, 28, 1)`.",
    hint="dcgan.choose_recipe(\"fast\") has latent_dim and the generator's width. The recipe's "
    "batch normalisation has a momentum of its own; the last layer is float32.",
)
def resize_generator(answer):
    if not isinstance(answer, keras.Model):
        raise NotAnAnswer("that is no Keras model.")
    recipe = dcgan.choose_recipe("fast")
    latent_dim, width = recipe["latent_dim"], recipe["generator"]["width"]
    require(
        answer.input_shape == (None, latent_dim),
        f"its input has shape {answer.input_shape}; the default recipe's z has {latent_dim} "
        "components.",
    )
    require(
        answer.output_shape == (None, 28, 28, 1), f"its output has shape {answer.output_shape}."
    )
    transposed = [x.name for x in answer.layers if isinstance(x, layers.Conv2DTranspose)]
    require(not transposed, f"it has transposed convolutions: {', '.join(transposed)}.")
    resized = [x for x in answer.layers if isinstance(x, (layers.UpSampling2D, layers.Resizing))]
    require(resized, "no layer resizes (UpSampling2D).")
    filters = [x.filters for x in answer.layers if isinstance(x, layers.Conv2D)]
    require(
        filters == [width, 1],
        f"its convolutions have {filters} filters; the default recipe has widths of its own.",
    )
    drawn = answer(latent.normal(64, latent_dim, seed=0), training=True).numpy()
    require(np.abs(drawn).max() <= 1, f"it draws values up to {np.abs(drawn).max():.3g}.")
    return (
        f"It fits the default recipe and has {answer.count_params():,} weights. Say with any "
        "comparison whether it is by steps or by seconds."
    )


@exercise(
    "3.4",
    takes="four distances: of `GAN` on the images as they are and shuffled, and of `DCGAN` on "
    "both.",
    hint="One permutation for all images, np.random.default_rng(0).permutation(784); its argsort "
    "puts generated pixels back. To a dense layer, what is the order of its inputs?",
)
def shuffled_pixels(answer):
    gan, gan_shuffled, dcgan_, dcgan_shuffled = numbers(answer, 4)
    require(min(gan, gan_shuffled, dcgan_, dcgan_shuffled) > 0, "a distance is above 0.")
    # The solution: 215.9, 208.5, 78.1, 171.1.
    change = gan_shuffled / gan
    require(
        0.7 < change < 1.4,
        f"GAN's distance with shuffled pixels is {change:.2f} times the other. Were the generated "
        "pixels put back in order, and is the permutation the same for all images?",
    )
    change = dcgan_shuffled / dcgan_
    require(
        change > 1.4,
        f"DCGAN's distance with shuffled pixels is {change:.2f} times the other: is it trained "
        "for as long as in the solution, one epoch or so, and are its pixels shuffled?",
    )
    return f"DCGAN notices ({change:.1f} times the distance), the dense GAN does not."


unchecked(
    "3.5",
    hint="load_dataset(...).map(tf.image.random_flip_left_right) mirrors. Give both runs the same "
    "number of steps, and train each with a second seed before you conclude anything.",
    instead="What another seed changes is as large as what mirroring does, so that no figure is "
    "right or wrong. A good answer has several seeds of each, their spread, and a measure against "
    "images that were not trained on.",
)


@exercise(
    "3.6",
    takes="the direction from T-shirts to pullovers of `dcgan-fashion_mnist`, computed from 30 of "
    "each, `(latent_dim,)`.",
    hint='Rank some thousand z by what load_extractor("fashion_mnist") says of their pictures, '
    "take 30 from among the 300 surest of each kind, and subtract the means: pullovers less "
    "T-shirts.",
)
def direction(answer):
    gan = load_pretrained("dcgan-fashion_mnist")
    step = floats(answer).astype("float32")
    if step.shape != (gan.latent_dim,):
        raise NotAnAnswer(f"its shape is {step.shape}, and not ({gan.latent_dim},).")
    extractor = metrics.load_extractor("fashion_mnist")
    tshirt, pullover = 0, 2

    def named(z):
        return extractor(gan.predict(z, verbose=0, batch_size=250))[1]

    z = latent.normal(3000, gan.latent_dim, seed=11)
    p = named(z)
    z = z[np.argsort(p[:, pullover] - p[:, tshirt])]
    # Twelve draws of 30 from among the 300 surest of 6,000: cosines of 0.54 to 0.71 with this one,
    # 62 to 86 % turn; of 3: at most 0.33.
    best = z[-150:].mean(axis=0) - z[:150].mean(axis=0)
    cosine = step @ best / max(np.linalg.norm(step) * np.linalg.norm(best), 1e-9)
    require(cosine > -0.4, "it leads from pullovers to T-shirts: the sign is turned.")
    require(
        cosine > 0.45,
        f"its cosine with a direction from 150 other examples of each is {cosine:.2f}: most of it "
        "is chance.",
    )
    share = np.mean(named(z[:100] + step).argmax(axis=1) == pullover)
    require(
        share > 0.5,
        f"added to the z of 100 T-shirts, it makes pullovers of only {share:.0%} of them.",
    )
    return (
        f"Added to the z of 100 T-shirts, it makes pullovers of {share:.0%} of them; its cosine "
        f"with a direction from 150 other examples of each is {cosine:.2f}."
    )


@exercise(
    "3.7",
    takes="the repaired function `draw(n, seed)`.",
    hint="In which layer of the generator does a picture depend on the others of its batch, and "
    "when?",
)
def server(answer):
    eight, alone, again, other = (
        returned(call(answer, n, seed)) for n, seed in ((8, 3), (1, 3), (8, 3), (8, 4))
    )
    require(len(eight) == 8 and len(alone) == 1, f"draw(8, 3) returned {len(eight)} pictures.")
    require(
        eight.shape[1:] == alone.shape[1:] and eight.ndim == 4,
        f"pictures are to be (n, height, width, channels); it returned shape {eight.shape}.",
    )
    difference = np.abs(eight[:1] - alone).max()
    require(
        difference < 1e-4,
        "whoever orders eight still gets another first picture than who orders one, for the same "
        f"seed: they differ by up to {difference:.2g}.",
    )
    require(close(eight, again, 1e-5), "the same order, given twice, brings other pictures.")
    require(not close(eight, other, 1e-3), "another seed brings the same pictures.")
    require(not close(eight[:1], eight[1:2], 1e-3), "all pictures of an order are the same.")
    return "One picture is the first of eight, and an order given twice brings the same pictures."


unchecked(
    "3.8",
    hint="What costs time, a step or an image? Halve the batch and see. Change one thing at a "
    "time.",
    instead="A good report gives seconds and machine, the distance with its number of images and "
    "extractor, several seeds, and the runs that failed.",
)
