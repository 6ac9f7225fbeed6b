"""Amazon EventBridge: Genesys events in its envelope, by API destination or by SQS."""
