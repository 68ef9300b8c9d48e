"""The store: SQLite or PostgreSQL by SQLAlchemy. One file per noun; rows become the domain's values at this edge."""
