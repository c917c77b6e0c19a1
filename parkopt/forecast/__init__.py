"""Forecasts of PV, wind and load power, as pure functions of arrays."""
