"""The sales funnel: how deals pass from stage to stage, and what became of them.

Two kinds of facts, both computed from the tables of `kniga.deals`:

* a *stay* is a deal in a stage (one per deal and stage; its last visit decides what became of it). It belongs
  to whoever owned the deal when it entered, so a handover never rewrites the past;
* a *result* is a deal won, lost, cancelled or open (one per deal). A closed deal belongs to whoever owned it
  when it closed, an open one to whoever owns it now.

`report.funnel_for` answers with the stages and totals, `breakdown.breakdown_for` splits them by a dimension,
`deals.deals_behind` lists the deals behind any of the numbers, `losses.loss_reasons_for` says why deals are lost.
"""
