"""Inputs that a model was not made for, drawn or written from a seed, a kind of them a module."""
