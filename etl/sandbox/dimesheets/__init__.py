"""Dime.Sheets as its public documents describe it."""
