"""Numbers for what a generative model draws, computed on features that a classifier gives."""

from gan_keras.metrics.classes import conditional_accuracy, inception_score, modes
from gan_keras.metrics.extractors import Extractor, load_extractor
from gan_keras.metrics.frechet import frechet_distance
from gan_keras.metrics.kernel import kernel_distance
from gan_keras.metrics.neighbours import manifold_overlap, nearest
from gan_keras.metrics.paired import pixel_errors, retrieval, translation_scores
from gan_keras.metrics.reference import Reference, Scores, load_reference

__all__ = [
    "Extractor",
    "Reference",
    "Scores",
    "conditional_accuracy",
    "frechet_distance",
    "inception_score",
    "kernel_distance",
    "load_extractor",
    "load_reference",
    "manifold_overlap",
    "modes",
    "nearest",
    "pixel_errors",
    "retrieval",
    "translation_scores",
]
