"""The phases of a week: what happens in the world, in the order `NegotiationModel.step` calls them."""
