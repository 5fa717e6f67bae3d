"""Quartet's service: four models behind one HTTP door. Never imports `training`."""
