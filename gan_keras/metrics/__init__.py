"""Numbers for what a generative model draws, computed on features that a classifier gives."""

from gan_keras.metrics.frechet import frechet_distance

__all__ = ["frechet_distance"]
