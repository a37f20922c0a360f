"""What tests are built with; no tests here."""
