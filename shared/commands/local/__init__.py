"""What the commands for running locally are made of."""
