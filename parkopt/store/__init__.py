"""The database: the only user of SQLAlchemy."""
