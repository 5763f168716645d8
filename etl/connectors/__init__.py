"""Systems: each a YAML document, run by one REST engine, and files."""
