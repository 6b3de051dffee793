"""Threads, queues and interrupts that survive Ctrl-C."""
