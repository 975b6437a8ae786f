"""Generative adversarial networks on Keras: one paper a file, one model a class."""

from gan_keras import callbacks, datasets, latent, losses, metrics, plotting, toys
from gan_keras.adversarial import AdversarialModel
from gan_keras.datasets import load_dataset
from gan_keras.generative import GenerativeModel
from gan_keras.models.gan import GAN
from gan_keras.models.vae import VAE
from gan_keras.profiles import Profile, profile

__version__ = "0.1.0"

__all__ = [
    "GAN",
    "VAE",
    "AdversarialModel",
    "GenerativeModel",
    "Profile",
    "callbacks",
    "datasets",
    "latent",
    "load_dataset",
    "losses",
    "metrics",
    "plotting",
    "profile",
    "toys",
]
