"""The learning rate's phases, and breaks of the losses that no rate explains."""
