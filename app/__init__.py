"""Quartet's service: models behind one HTTP door. Never imports `training`."""
