"""The process of PyTorch that `against_torch.py` starts: the same networks, and their steps.

Networks come as descriptions of Keras' layers, with weights; images are channels first in the
memory format channels last, which is PyTorch's faster one on a CPU. Each line of standard input
asks for so many steps, and is answered with the seconds they took.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.optim import swa_utils


class Same(nn.Module):
    """TensorFlow's padding "same" before a convolution, which may be uneven."""

    def __init__(self, kernel_size, stride):
        super().__init__()
        self.kernel_size, self.stride = kernel_size, stride

    def forward(self, x):
        sides = []
        for size in x.shape[:1:-1]:  # F.pad takes the last axis first.
            whole = max((-(-size // self.stride) - 1) * self.stride + self.kernel_size - size, 0)
            sides += [whole // 2, whole - whole // 2]
        return F.pad(x, sides) if any(sides) else x


class Transposed(nn.Module):
    """TensorFlow's transposed convolution with padding "same": twice the size for stride 2."""

    def __init__(self, kernel, bias, stride):
        super().__init__()
        self.kernel = nn.Parameter(kernel)
        self.bias = None if bias is None else nn.Parameter(bias)
        self.stride, self.crop = stride, max(kernel.shape[-1] - stride, 0)

    def forward(self, x):
        before, after = self.crop // 2, self.crop - self.crop // 2
        y = F.conv_transpose2d(x, self.kernel, self.bias, self.stride, padding=before)
        return y[:, :, : y.shape[2] - (after - before), : y.shape[3] - (after - before)]


class Function(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, *x):
        return self.function(*x)


def as_images(shape):
    """A row of numbers in Keras' order, (height, width, channels), as an image."""

    def reshape(x):
        x = x.reshape(-1, *shape)
        return x.permute(0, 3, 1, 2) if len(shape) == 3 else x

    return reshape


def flattened(x):
    return (x.permute(0, 2, 3, 1) if x.dim() == 4 else x).flatten(1)


ACTIVATIONS = {"linear": nn.Identity, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "relu": nn.ReLU}
NORMS = {2: nn.BatchNorm1d, 4: nn.BatchNorm2d}


def layer(kind, config, weights, rank):
    """The module that does what Keras' layer does."""
    weights = [torch.from_numpy(w) for w in weights]
    if kind == "Dense":
        kernel, bias = (*weights, None)[:2]
        made = nn.Linear(*kernel.shape, bias=bias is not None)
        made.weight.data = kernel.T.contiguous()
        if bias is not None:
            made.bias.data = bias
    elif kind in ("Conv2D", "UpsampledConv2D"):
        kernel, bias = (*weights, None)[:2]
        size, stride = config["kernel_size"][0], config["strides"][0]
        convolution = nn.Conv2d(*kernel.shape[2:], size, stride, bias=bias is not None)
        convolution.weight.data = kernel.permute(3, 2, 0, 1).contiguous()
        if bias is not None:
            convolution.bias.data = bias
        before = [Same(size, stride)] if config["padding"] == "same" else []
        if kind == "UpsampledConv2D":
            before = [nn.Upsample(scale_factor=2), nn.ReflectionPad2d(1)]
        made = nn.Sequential(*before, convolution)
    elif kind == "Conv2DTranspose":
        kernel, bias = (*weights, None)[:2]
        made = Transposed(kernel.permute(3, 2, 0, 1).contiguous(), bias, config["strides"][0])
    elif kind == "BatchNormalization":
        gamma, beta, mean, variance = weights
        made = NORMS[rank](len(gamma), config["epsilon"], 1 - config["momentum"])
        made.weight.data, made.bias.data = gamma, beta
        made.running_mean, made.running_var = mean, variance
    elif kind == "InstanceNormalization":
        channels = config["groups"]
        made = nn.GroupNorm(channels, channels, config["epsilon"], affine=False)
    else:
        simple = {
            "LeakyReLU": lambda: nn.LeakyReLU(config["negative_slope"]),
            "ReLU": nn.ReLU,
            "Activation": nn.Identity,
            "Dropout": lambda: nn.Dropout(config["rate"]),
            "Reshape": lambda: Function(as_images(config["target_shape"])),
            "Flatten": lambda: Function(flattened),
            "Concatenate": lambda: Function(lambda *x: torch.cat(x, dim=1)),
            "Add": lambda: Function(lambda a, b: a + b),
            "UpSampling2D": lambda: nn.Upsample(scale_factor=tuple(config["size"])),
            "ZeroPadding2D": lambda: nn.ZeroPad2d(config["padding"][0][0]),
            "ReflectionPadding2D": lambda: nn.ReflectionPad2d(config["padding"]),
            "GlobalMaxPooling2D": lambda: Function(lambda x: x.amax((2, 3))),
        }
        made = simple[kind]()
    activation = config.get("activation", "linear")
    return made if activation == "linear" else nn.Sequential(made, ACTIVATIONS[activation]())


class Network(nn.Module):
    """A network from its description: see `against_torch.describe_network`."""

    def __init__(self, spec, weights):
        super().__init__()
        self.inputs, self.output, self.order = spec["inputs"], spec["output"], []
        self.parts = nn.ModuleList()
        for part in spec["layers"]:
            if "network" in part:
                module = Network(part["network"], weights)
            else:
                own = [weights[key] for key in part["weights"]]
                module = layer(part["kind"], part["config"], own, part["rank"])
            self.parts.append(module)
            self.order.append((part["name"], part["from"]))

    def forward(self, *x):
        known = dict(zip(self.inputs, x, strict=True))
        for module, (name, sources) in zip(self.parts, self.order, strict=True):
            known[name] = module(*(known[source] for source in sources))
        return known[self.output]


def optimizer(*networks, rate=3e-4):
    weights = [w for network in networks for w in network.parameters()]
    return torch.optim.Adam(weights, rate, betas=(0.5, 0.999), fused=True)


def averaged(generator, decay=0.99):
    """PyTorch's own moving average of weights; statistics are copied, as the library does."""
    return swa_utils.AveragedModel(generator, multi_avg_fn=swa_utils.get_ema_multi_avg_fn(decay))


def judged(logits, real):
    target = torch.ones_like(logits) if real else torch.zeros_like(logits)
    return F.binary_cross_entropy_with_logits(logits, target)


def frozen(networks, yes):
    for network in networks:
        network.requires_grad_(not yes)


def descend(loss, opt):
    opt.zero_grad(set_to_none=True)
    loss.backward()
    opt.step()


def gan(networks, latent_dim):
    generator, discriminator = networks
    opts = optimizer(generator), optimizer(discriminator)
    mean = averaged(generator)

    def step(real, *y):
        fake = generator(torch.randn(len(real), latent_dim), *y)
        loss = judged(discriminator(real, *y), True)
        descend(loss + judged(discriminator(fake.detach(), *y), False), opts[1])
        frozen([discriminator], True)
        descend(judged(discriminator(fake, *y), True), opts[0])
        frozen([discriminator], False)
        mean.update_parameters(generator)

    return step


def pix2pix(networks, latent_dim):
    generator, discriminator = networks
    opts = optimizer(generator), optimizer(discriminator)
    mean = averaged(generator)

    def step(a, b):
        fake = generator(a)
        loss = judged(discriminator(a, b), True)
        descend(loss + judged(discriminator(a, fake.detach()), False), opts[1])
        frozen([discriminator], True)
        loss = judged(discriminator(a, fake), True) + 100 * (fake - b).abs().mean()
        descend(loss, opts[0])
        frozen([discriminator], False)
        mean.update_parameters(generator)

    return step


def cyclegan(networks, latent_dim):
    ab, ba, d_a, d_b = networks
    opts = optimizer(ab, ba), optimizer(d_a, d_b)
    means = [averaged(generator) for generator in (ab, ba)]

    def step(a, b):
        frozen([d_a, d_b], True)
        fake_b, fake_a = ab(a), ba(b)
        cycle = (ba(fake_b) - a).abs().mean() + (ab(fake_a) - b).abs().mean()
        loss = ((d_b(fake_b) - 1) ** 2).mean() + ((d_a(fake_a) - 1) ** 2).mean() + 10 * cycle
        descend(loss, opts[0])
        frozen([d_a, d_b], False)
        loss = sum(
            ((d(real) - 1) ** 2).mean() + (d(fake.detach()) ** 2).mean()
            for d, real, fake in ((d_a, a, fake_a), (d_b, b, fake_b))
        )
        descend(loss / 2, opts[1])
        for mean, generator in zip(means, (ab, ba), strict=True):
            mean.update_parameters(generator)

    return step


STEPS = {"GAN": gan, "DCGAN": gan, "CGAN": gan, "Pix2Pix": pix2pix, "CycleGAN": cyclegan}


def image(array):
    x = torch.from_numpy(array)
    if x.dim() != 4:
        return x
    return x.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)


def main(folder):
    folder = Path(folder)
    case = json.loads((folder / "case.json").read_text())
    torch.set_num_threads(case["threads"])
    with np.load(folder / "arrays.npz") as file:
        arrays = dict(file)
    networks = [
        Network(spec, arrays).to(memory_format=torch.channels_last) for spec in case["networks"]
    ]
    data = [image(arrays[f"data/{i}"]) for i in range(case["data"])]
    # Proof that they are the same networks: what each makes of the same input, at rest.
    with torch.no_grad():
        for i, network in enumerate(networks):
            network.eval()
            given = [image(arrays[f"given/{i}/{j}"]) for j in range(len(network.inputs))]
            made = network(*given)
            made = made.permute(0, 2, 3, 1) if made.dim() == 4 else made
            np.save(folder / f"made-{i}.npy", made.numpy())
            network.train()
    step = STEPS[case["model"]](networks, case["latent_dim"])
    step(*data)
    print("ready", torch.__version__, flush=True)
    for line in sys.stdin:
        begun = time.perf_counter()
        for _ in range(int(line)):
            step(*data)
        print(time.perf_counter() - begun, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
