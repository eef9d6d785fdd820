"""The science, mechanism by mechanism."""
