"""`python -m kniga` is the `kniga` command."""

import sys

from kniga.cli import main

sys.exit(main())
