"""Work done in the background: the funnel's projection follows the deals."""

from __future__ import annotations

from procrastinate.contrib.django import app

from kniga.insights.funnel.projection import fold_funnel


@app.periodic(cron="* * * * *")
@app.task(queue="projections", queueing_lock="fold_funnel", pass_context=False)
def fold_changed_deals(timestamp: int) -> None:
    """Every minute: fold the deals that changed. Figures are exact without it, only slower the more have changed."""
    fold_funnel()
