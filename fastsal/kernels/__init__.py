"""What the benches of two or more rooms share: how to compile, how to launch, colour, scaling."""
