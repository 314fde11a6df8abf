-- What was ordered of phones since a moment: each desk looks for what another has ordered, once for all that wait.
CREATE INDEX commands_by_time ON commands (queued_at);
