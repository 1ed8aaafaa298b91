"""Studies: campaigns of runs that survive, in one store."""
