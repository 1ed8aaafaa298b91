"""One self-contained page about the runs of a store."""
