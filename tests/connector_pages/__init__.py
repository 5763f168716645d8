"""The pages docs/connectors/*.md: words from the files here, tables from the connectors."""
