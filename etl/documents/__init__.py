"""Documents: YAML with positions, JSON Schema, interpolation and overlays."""
