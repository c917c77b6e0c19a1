"""Meter data: read, checked, matched to a park's devices, put on whole hours. Energy is in whole Wh."""
