"""Projects and mappings: read from their documents, made typed, and checked against the connectors."""
