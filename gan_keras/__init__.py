"""Generative adversarial networks on Keras: one paper a file, one model a class."""

from gan_keras import onednn

onednn.turn_on()  # Before anything imports TensorFlow.

from gan_keras import (
    callbacks,
    datasets,
    latent,
    layers,
    losses,
    metrics,
    optimizers,
    plotting,
    schedules,
    toys,
)
from gan_keras.adversarial import AdversarialModel
from gan_keras.datasets import load_dataset
from gan_keras.exercises import check
from gan_keras.generative import GenerativeModel
from gan_keras.models.acgan import ACGAN
from gan_keras.models.cgan import CGAN
from gan_keras.models.cyclegan import CycleGAN
from gan_keras.models.dcgan import DCGAN
from gan_keras.models.gan import GAN
from gan_keras.models.pix2pix import Pix2Pix
from gan_keras.models.vae import VAE
from gan_keras.pretrained import load_pretrained
from gan_keras.profiles import Profile, profile
from gan_keras.seeds import set_seed
from gan_keras.sliders import Sliders
from gan_keras.translation import TranslationModel

__version__ = "0.1.0"

__all__ = [
    "ACGAN",
    "CGAN",
    "CycleGAN",
    "DCGAN",
    "GAN",
    "VAE",
    "AdversarialModel",
    "GenerativeModel",
    "Pix2Pix",
    "Profile",
    "Sliders",
    "TranslationModel",
    "callbacks",
    "check",
    "datasets",
    "latent",
    "layers",
    "load_dataset",
    "load_pretrained",
    "losses",
    "metrics",
    "optimizers",
    "plotting",
    "profile",
    "schedules",
    "set_seed",
    "toys",
]
