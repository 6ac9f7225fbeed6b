"""What Salesforce is to be told, decided without asking anybody."""
