"""The technologies, one a file: frozen config, `build`, `report`."""
