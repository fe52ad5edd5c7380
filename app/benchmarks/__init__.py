"""How fast the window is: `python -m app.benchmarks`, or `undertone bench window`."""
