"""Salesforce: hold events on the case's timeline, and the case's owner follows the agent."""
