"""Parts of the package as files that need no package: a model as one file, a chapter by itself."""
