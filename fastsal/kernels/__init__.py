"""Code shared by several methods: compiling, launching, colour, scaling."""
