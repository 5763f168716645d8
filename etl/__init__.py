"""A declarative, YAML-mapped ETL engine: documents in, checked requests out, every record accounted for."""

__version__ = "0.1.0"
