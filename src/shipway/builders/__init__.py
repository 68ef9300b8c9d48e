"""Builders turn a checked-out tree into an image: analysis by detectors, a generated Dockerfile, BuildKit."""
