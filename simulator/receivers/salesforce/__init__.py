"""A Salesforce organisation of one's own, over real HTTP, as awkward as the real one.

- ids, objects, values: what records are made of. records, cases: how they are written.
- soql, select: how they are asked for.
- auth, limits, trouble: who may ask, how often, and what goes wrong on demand.
- rest, collections, composite, bulk: what is asked for by HTTP. server serves it.
- org: `Org`, everything together, and what a test or the demo does in it as a person would.
- panel: what a page shows of it.
"""
