"""What Acme adds to DCM: who was handed on too often is called back."""
