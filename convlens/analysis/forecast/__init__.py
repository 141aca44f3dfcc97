"""What more epochs would bring, learnt from the published runs."""
