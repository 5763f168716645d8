"""Results and problems as text, JSON, SARIF and HTML: reads values, decides nothing."""
