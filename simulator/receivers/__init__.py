"""Whoever a contact centre tells: bots, chat tools, a CRM; each as awkward as the real one."""
