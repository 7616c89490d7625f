"""`make demo`: a made-up ledger to look at."""
