"""What the runs of a study say; pandas in, pandas out."""
