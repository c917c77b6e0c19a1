"""Carbon factors, physical tracing in whole Wh, hourly park factor and green shares."""
