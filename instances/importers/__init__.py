"""Instances made from other people's measurements."""
