"""The evaluation of Ekya, redone: claim beside measurement beside optimum."""
