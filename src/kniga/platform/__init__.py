"""What every capability stands on: ledger, clock and working time, money, text keys, errors."""
