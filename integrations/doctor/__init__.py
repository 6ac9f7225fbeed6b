"""What stands between Genesys Cloud and us: looked at part by part, told with the fix."""
