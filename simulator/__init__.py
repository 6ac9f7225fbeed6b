"""A made-up contact centre that speaks Genesys Cloud's API over real HTTP.

It knows nothing of the product that reads it, but for the arithmetic of chrono. How it hangs
together, from the inside out:

- world.engine: a timeline of planned actions. No clock: whoever holds it says how far to go.
- world.records: conversations, participants, sessions, segments, metrics, messages, surveys … as
  they truly are; world.ledger writes segments and the metrics that fall out of them.
- world.organization, customers: who is there. world.shifts, arrivals: when who comes.
- world.routing offers what waits to who is free; world.desk is an agent who attends to one thing
  at a time and puts the rest on hold; world.work is one session in an agent's hands.
- world.email, messaging, talking: the ways of the media, on world.parties (who takes part) and
  world.contact (queue, agents, end). world.feedback: what follows days later.
- world.world: `World(seed=…, epoch=…, zone=…)`, `.advance_to(instant)`, `.truth(instant)`. The
  history depends on seed, epoch and zone alone, not on the steps in which it is lived.
- world.truth tells what a mirror must hold, from the records themselves.
- documents and api.live draw from the records what the analytics API and the conversation service
  answer, jobs and api.jobs what is answered later; api.query and api.predicates select; api.access,
  api.faults and api.answers do what the platform does around every answer; api.control is the
  surface under /simulator.
- world.feed tells what happens while it happens: world.witness sees which sessions change and has
  it written by world.detail_events, snapshots and quality, as world.wording says it. push sends it
  out as triggers and EventBridge do, with faults; api.pushing is its control. World.corrections
  rewrites on day three, lag shows analytics as it was a while ago.
- clock ties simulated to real time; server serves (`serving(world, clock)` in tests);
  `python -m simulator --help` tells the rest.
"""
