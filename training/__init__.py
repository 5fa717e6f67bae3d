"""Offline training: data sets, recipes, calibration and export of model folders."""
