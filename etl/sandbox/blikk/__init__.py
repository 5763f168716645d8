"""Blikk as its public document describes it."""
