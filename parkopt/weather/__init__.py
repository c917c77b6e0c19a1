"""Weather: one source a file, each giving the same canonical Dataset."""
