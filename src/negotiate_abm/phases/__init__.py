"""The phases of a week: what happens, in the order `NegotiationModel.step` calls them."""
