"""JMESPath with the functions of a data migration: parsed, checked, typed and compiled to Python."""
