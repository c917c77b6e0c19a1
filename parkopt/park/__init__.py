"""Park files: schema, reader, discovery, and the series files that they name."""
