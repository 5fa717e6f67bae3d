"""Pretrained networks, rebuilt in Keras from what a package registry gives."""
