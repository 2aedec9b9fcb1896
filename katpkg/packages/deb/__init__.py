"""The .deb: a debian/ directory, the build, and reading the result back."""
