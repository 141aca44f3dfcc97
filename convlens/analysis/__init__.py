"""What runs mean: each module answers one question."""
