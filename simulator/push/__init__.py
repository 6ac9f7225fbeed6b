"""What happens in the world, sent out: to webhooks as triggers do, to EventBridge's, to SQS."""
