"""Measured costs: what retraining and inference take, and are worth, on a device."""
