"""Reads what a SavedModel folder says of its signatures and variables, without TensorFlow."""
