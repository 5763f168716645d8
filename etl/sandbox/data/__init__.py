"""Made-up data of a Swedish installation company, the same for the same seed."""
