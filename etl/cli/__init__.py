"""The command line: each command reads its options, calls one function, prints, and gives an exit code."""
