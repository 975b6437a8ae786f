"""One paper, one file: its networks as plain functions and its `keras.Model` subclass."""
